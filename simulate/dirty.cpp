#include "simulate/dirty.hpp"

#include "core/topics.hpp"
#include "simulate/vocabulary.hpp"

namespace freshet::simulate {
namespace {

enum Kind : std::size_t {
  kTruncated,
  kBadUtf8,
  kRawNul,
  kNotAnObject,
  kUrlNotText,
  kUrlMissing,
  kWrongKey,
  kFutureTime,
  kNoTime,
  kClosedLicence,
  kUnknownSchema,
  kEscapedNul,
};

// In the order of Kind.
constexpr DirtyKind kKinds[] = {
    {"truncated_json", Fate::dead_lettered, "malformed_payload", false},
    {"bad_utf8", Fate::dead_lettered, "malformed_payload", false},
    {"raw_nul", Fate::dead_lettered, "malformed_payload", false},
    {"work_not_an_object", Fate::dead_lettered, "malformed_payload", false},
    {"url_not_text", Fate::dead_lettered, "invalid_value", false},
    {"url_missing", Fate::dead_lettered, "missing_field", false},
    {"wrong_key", Fate::dead_lettered, "wrong_key", false},
    {"future_time", Fate::dead_lettered, "future_time", false},
    {"time_not_a_time", Fate::dead_lettered, "invalid_value", false},
    {"closed_licence", Fate::dropped, "no_open_license", false},
    {"unknown_schema", Fate::dead_lettered, "unknown_schema", true},
    // Sound JSON that PostgreSQL could not hold as it is: clean takes the NUL out.
    {"escaped_nul", Fate::created, "", false},
};

void append_id(std::string& out, std::uint64_t number) {
  append_number(out, 90'000'000'000 + number);
}

std::string_view url_member(std::size_t kind) {
  switch (kind) {
    case kUrlNotText:
      return R"("url":{"large":"https://live.staticflickr.com/dirty/)";
    case kUrlMissing:
      return R"("picture":"https://live.staticflickr.com/dirty/)";
    default:
      return R"("url":"https://live.staticflickr.com/dirty/)";
  }
}

std::string_view title_member(std::size_t kind) {
  switch (kind) {
    case kBadUtf8:
      return "\"title\":\"Owl \xC3\x28 at night\"";
    case kRawNul:
      return {"\"title\":\"Owl \0 at night\"", 23};
    case kEscapedNul:
      return R"("title":"Owl \u0000 at night")";
    default:
      return R"("title":"Owl at night")";
  }
}

}  // namespace

std::span<const DirtyKind> dirty_kinds() { return kKinds; }

void append_dirty(DirtyRecord& record, std::size_t kind, std::uint64_t number) {
  record.key = "image:flickr:";
  append_id(record.key, kind == kWrongKey ? number + 1'000'000'000 : number);
  record.schema = kind == kUnknownSchema ? "raw/999" : schema_header::kRaw;

  std::string& out = record.value;
  if (kind == kFutureTime || kind == kNoTime) {
    out =
        kind == kNoTime
            ? R"({"seen":{"fetched_at":"last Tuesday, about noon ","run_id":"generated"},"work":)"
            : R"({"seen":{"fetched_at":"2999-01-01T00:00:00.000001Z","run_id":"generated"},"work":)";
  }
  const std::size_t work_at = out.size();
  out += kind == kNotAnObject ? "[" : "";
  out += R"({"media_type":"image","provider":"flickr","foreign_identifier":")";
  append_id(out, number);
  out += R"(","foreign_landing_url":"https://www.flickr.com/photos/made-up/)";
  append_id(out, number);
  out += "\",";
  out += url_member(kind);
  append_id(out, number);
  out += kind == kUrlNotText ? "_b.jpg\"}" : "_b.jpg\"";
  out += kind == kClosedLicence
             ? R"(,"license_url":"https://www.example.org/all-rights-reserved")"
             : R"(,"license_url":"https://creativecommons.org/licenses/by/4.0/")";
  out += R"(,"creator":"Dr. Dirty",)";
  out += title_member(kind);
  out += "}";
  if (kind == kTruncated) {
    out.resize(work_at + (out.size() - work_at) * 2 / 3);
    return;
  }
  out += kind == kNotAnObject ? "]}" : "}";
}

}  // namespace freshet::simulate
