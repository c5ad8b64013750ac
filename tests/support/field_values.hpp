#pragma once

#include "core/json.hpp"
#include "core/record/fields.hpp"

namespace freshet::test {

/// A value that a field may have, as clean leaves it; of the key's fields that of a work of its
/// own.
inline json::value value_for(const FieldSpec& spec, MediaType media_type) {
  if (spec.name == "media_type") {
    return json::value(to_string(media_type));
  }
  if (spec.name == "license" || spec.name == "license_version") {
    return spec.name == "license" ? "by" : "4.0";
  }
  switch (spec.kind) {
    case FieldKind::text:
      return json::value("t-" + std::string{spec.name}.substr(0, spec.max_code_points - 2));
    case FieldKind::url:
      return json::value("https://example.org/" + std::string{spec.name});
    case FieldKind::integer:
      return json::value(7);
    case FieldKind::boolean:
      return json::value(true);
    case FieldKind::fraction:
      return json::value(0.5);
    case FieldKind::object:
    case FieldKind::list:
      break;
  }
  return json::value(nullptr);
}

/// A value for each field of a medium.
inline json::object every_field(MediaType media_type) {
  json::object work;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (kFieldSpecs[i].is_of(media_type)) {
      work[kFieldSpecs[i].name] = value_for(kFieldSpecs[i], media_type);
    }
  }
  return work;
}

}  // namespace freshet::test
