#include "producers/sighting.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

// Order of the members of `work`. Media type, provider and identifier are written first.
constexpr std::array<std::string_view, 32> kMembers{
    "foreign_landing_url",
    "url",
    "thumbnail",
    "filetype",
    "filesize",
    "license_url",
    "license",
    "license_version",
    "creator",
    "creator_url",
    "title",
    "meta_data",
    "tags",
    "category",
    "watermarked",
    "source",
    "ingestion_type",
    "width",
    "height",
    "duration",
    "bit_rate",
    "sample_rate",
    "genres",
    "audio_set",
    "audio_set_foreign_identifier",
    "set_url",
    "set_thumbnail",
    "set_position",
    "alt_files",
    // Written by the loop below as well, but read here first.
    "foreign_identifier",
    "media_type",
    "provider",
};
constexpr std::size_t kListed = kMembers.size() - 3;

void check_names(const json::object& fields) {
  for (const auto& [name, value] : fields) {
    FRESHET_CHECK(std::find(kMembers.begin(), kMembers.begin() + kListed + 1,
                            std::string_view{name}) != kMembers.begin() + kListed + 1);
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

void append_seen(std::string& out, UtcTime fetched_at, std::string_view run_id) {
  out += R"({"seen":{"fetched_at":")";
  out += format_micros(fetched_at);
  out += R"(","run_id":)";
  append_json_string(out, run_id);
  out += '}';
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
    return Error{Errc::invalid_value, "foreign_identifier", "identifier_text",
                 "the identifier is no text or number, or blank"};
  }

  Sighting sighting;
  sighting.media_type = draft.media_type;
  sighting.provider = spec.provider_key(draft.media_type);
  sighting.key = make_work_key(draft.media_type, sighting.provider, *cleaned);
  std::string& out = sighting.work;
  out.append(R"({"media_type":")").append(to_string(draft.media_type)).append(R"(","provider":)");
  append_json_string(out, sighting.provider);
  append_member(out, "foreign_identifier", identifier);
  for (std::size_t i = 0; i < kListed; ++i) {
    const std::string_view name = kMembers[i];
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

std::string sighting_value(std::string_view work, UtcTime fetched_at, std::string_view run_id) {
  std::string out;
  out.reserve(work.size() + 128);
  append_seen(out, fetched_at, run_id);
  out.append(R"(,"work":)").append(work).append("}");
  return out;
}

std::string run_finished_value(MediaType media_type, std::string_view provider, UtcTime started_at,
                               std::int64_t rejected, UtcTime fetched_at, std::string_view run_id) {
  std::string out;
  append_seen(out, fetched_at, run_id);
  out.append(R"(,"run_finished":{"media_type":")").append(to_string(media_type));
  out += R"(","provider":)";
  append_json_string(out, provider);
  out.append(R"(,"started_at":")").append(format_millis(started_at)).append(R"(","complete":true)");
  if (rejected > 0) {
    out.append(R"(,"rejected":)").append(std::to_string(rejected));
  }
  out += "}}";
  return out;
}

std::string run_finished_key(MediaType media_type, std::string_view provider) {
  return std::string{"run:"}.append(to_string(media_type)).append(":").append(provider);
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
