#include "producers/sighting.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/record/envelope.hpp"
#include "core/record/members.hpp"
#include "core/text.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

// The media type is written with the other two of the key, first, and is none of the draft's.
constexpr std::size_t kOfKey = 3;
static_assert(kSightingMembers[0] == "media_type" && kSightingMembers[1] == "provider" &&
              kSightingMembers[2] == "foreign_identifier");

void check_names(const json::object& fields) {
  for (const auto& [name, value] : fields) {
    FRESHET_CHECK(std::find(kSightingMembers.begin() + 2, kSightingMembers.end(),
                            std::string_view{name}) != kSightingMembers.end());
  }
}

void append_member(std::string& out, std::string_view name, const json::value& value) {
  out += ',';
  append_json_string(out, name);
  out += ':';
  out += to_json(value);
}

std::optional<std::string> identifier_text(const json::value& value) {
  if (value.is_string()) {
    return clean_text(value.get_string());
  }
  if (value.is_number()) {
    return to_json(value);
  }
  return std::nullopt;
}

Error no_identifier() {
  return {Errc::invalid_value, "foreign_identifier", "identifier_text",
          "the identifier is no text or number, or blank"};
}

}  // namespace

Judged judge(const ProviderSpec& spec, const Draft& draft) {
  check_names(draft.fields);
  const auto field = [&](std::string_view name) -> const json::value* {
    const json::value* found = draft.fields.if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  };
  const auto is_missing = [&](std::string_view name) {
    const json::value* found = field(name);
    return found == nullptr || is_empty(*found);
  };
  if (is_missing("foreign_identifier")) {
    return ProducerDrop::missing_foreign_identifier;
  }
  if (is_missing("foreign_landing_url")) {
    return ProducerDrop::missing_foreign_landing_url;
  }
  if (is_missing("url")) {
    return ProducerDrop::missing_url;
  }
  const json::value& identifier = *field("foreign_identifier");
  const auto cleaned = identifier_text(identifier);
  if (!cleaned || cleaned->empty()) {
    return no_identifier();
  }

  Sighting sighting;
  sighting.media_type = draft.media_type;
  sighting.provider = spec.provider_key(draft.media_type);
  sighting.key = make_work_key(draft.media_type, sighting.provider, *cleaned);
  std::string& out = sighting.work;
  out.append(R"({"media_type":")").append(to_string(draft.media_type)).append(R"(","provider":)");
  append_json_string(out, sighting.provider);
  append_member(out, "foreign_identifier", identifier);
  for (std::size_t i = kOfKey; i < kSightingMembers.size(); ++i) {
    const std::string_view name = kSightingMembers[i];
    if (const json::value* value = field(name)) {
      append_member(out, name, *value);
      continue;
    }
    for (const auto& [fixed_name, fixed_value] : spec.fixed_values) {
      if (fixed_name == name) {
        append_member(out, name, json::value(fixed_value));
      }
    }
  }
  out += '}';
  return sighting;
}

Result<std::string> removal_key(const ProviderSpec& spec, const Removal& removal) {
  const auto cleaned = identifier_text(removal.foreign_identifier);
  if (!cleaned || cleaned->empty()) {
    return no_identifier();
  }
  return make_work_key(removal.media_type, spec.provider_key(removal.media_type), *cleaned);
}

std::string removal_body(const Removal& removal) {
  return to_json(json::object{{"reason", removal.reason}});
}

bool fits_raw_topic(std::string_view key, std::string_view value) {
  // 64: the header, and what a record's lengths and times take.
  return key.size() + value.size() + 64 <= kRawMaxBytes;
}

UtcTime GrowingTime::next() {
  last_ = std::max(clock_.now(), UtcTime{last_.micros + 1});
  return last_;
}

}  // namespace freshet
