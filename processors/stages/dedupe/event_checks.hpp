#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/key.hpp"
#include "core/result.hpp"
#include "processors/record/catalog_record.hpp"
#include "processors/record/decisions.hpp"
#include "processors/stages/dedupe/dedupe.hpp"

/// What every event of a work is asked first. Per record, hence inline.
namespace freshet {

/// Stands for the provider where a record cannot be used and this partition does not know its
/// provider: hostile keys would make a sum each.
inline constexpr std::string_view kUnknownProvider = "unknown";

/// Whether the work is blocked and nothing in its record may be why.
inline bool lacks_block(const CatalogRecord& record) {
  return record.status == Status::blocked && !may_block(record.decisions);
}

/// Whose sums an event about this key belongs to.
inline std::string_view provider_of(std::string_view key) {
  const auto parsed = parse_work_key(key);
  return parsed ? parsed->provider : kUnknownProvider;
}

/// Nothing: the record has a key, a value, and this schema.
inline std::optional<Error> check_envelope(const RawMessage& message, std::string_view schema) {
  if (message.schema != schema) {
    return Error{Errc::unknown_schema, "schema", "header",
                 message.schema ? "schema header says " + std::string{*message.schema}
                                : std::string{"no schema header"}};
  }
  if (!message.key) {
    return Error{Errc::wrong_key, "key", "required", "record without a key"};
  }
  if (!message.value) {
    return Error{Errc::malformed_payload, "", "value", "record without a value"};
  }
  return std::nullopt;
}

}  // namespace freshet
