#include "simulate/dirty.hpp"

#include "core/record/envelope.hpp"
#include "core/topics.hpp"
#include "simulate/vocabulary.hpp"

namespace freshet::simulate {
namespace {

enum class Kind : std::size_t {
  truncated,
  bad_utf8,
  raw_nul,
  not_an_object,
  url_not_text,
  url_missing,
  wrong_key,
  future_time,
  no_time,
  closed_licence,
  unknown_schema,
  escaped_nul,
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

// 2999-01-01T00:00:00.000001Z
constexpr UtcTime kYear2999{32'472'144'000'000'001};

void append_id(std::string& out, std::uint64_t number) {
  append_number(out, 90'000'000'000 + number);
}

std::string_view url_member(Kind kind) {
  if (kind == Kind::url_not_text) {
    return R"("url":{"large":"https://live.staticflickr.com/dirty/)";
  }
  if (kind == Kind::url_missing) {
    return R"("picture":"https://live.staticflickr.com/dirty/)";
  }
  return R"("url":"https://live.staticflickr.com/dirty/)";
}

std::string_view title_member(Kind kind) {
  using namespace std::string_view_literals;
  if (kind == Kind::bad_utf8) {
    return "\"title\":\"Owl \xC3\x28 at night\"";
  }
  if (kind == Kind::raw_nul) {
    return "\"title\":\"Owl \0 at night\""sv;
  }
  if (kind == Kind::escaped_nul) {
    return R"("title":"Owl \u0000 at night")";
  }
  return R"("title":"Owl at night")";
}

}  // namespace

std::span<const DirtyKind> dirty_kinds() { return kKinds; }

void append_dirty(DirtyRecord& record, std::size_t which, std::uint64_t number) {
  const auto kind = static_cast<Kind>(which);
  record.key = "image:flickr:";
  append_id(record.key, kind == Kind::wrong_key ? number + 1'000'000'000 : number);
  record.schema = kind == Kind::unknown_schema ? "raw/999" : schema_header::kRaw;

  std::string& out = record.value;
  if (kind == Kind::future_time) {
    out.clear();
    open_raw_record(out, {.fetched_at = kYear2999, .run_id = "generated"});
  } else if (kind == Kind::no_time) {
    out = R"({"seen":{"fetched_at":"last Tuesday, about noon ","run_id":"generated"},"work":)";
  }
  const std::size_t work_at = out.size();
  out += kind == Kind::not_an_object ? "[" : "";
  out += R"({"media_type":"image","provider":"flickr","foreign_identifier":")";
  append_id(out, number);
  out += R"(","foreign_landing_url":"https://www.flickr.com/photos/made-up/)";
  append_id(out, number);
  out += "\",";
  out += url_member(kind);
  append_id(out, number);
  out += kind == Kind::url_not_text ? "_b.jpg\"}" : "_b.jpg\"";
  out += kind == Kind::closed_licence
             ? R"(,"license_url":"https://www.example.org/all-rights-reserved")"
             : R"(,"license_url":"https://creativecommons.org/licenses/by/4.0/")";
  out += R"(,"creator":"Dr. Dirty",)";
  out += title_member(kind);
  out += "}";
  if (kind == Kind::truncated) {
    out.resize(work_at + (out.size() - work_at) * 2 / 3);
    return;
  }
  out += kind == Kind::not_an_object ? "]}" : "}";
}

}  // namespace freshet::simulate
