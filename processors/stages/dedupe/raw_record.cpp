#include "processors/stages/dedupe/raw_record.hpp"

#include <simdjson.h>

#include <cstring>
#include <optional>
#include <string>

#include "core/key.hpp"
#include "processors/json_text.hpp"
#include "processors/stages/dedupe/stamp.hpp"

namespace freshet {
namespace {

namespace ondemand = simdjson::ondemand;

// {"seen":{"fetched_at":"<27>","run_id":"<plain>"},"work":{ … }}
std::optional<RawRecord> cut(std::string_view value) {
  constexpr std::string_view kHead = R"({"seen":{"fetched_at":")";
  constexpr std::string_view kRun = R"(","run_id":")";
  constexpr std::string_view kWork = R"("},"work":)";
  constexpr std::size_t kTime = 27;
  if (!value.starts_with(kHead) || value.size() < kHead.size() + kTime + kRun.size() ||
      value.substr(kHead.size() + kTime, kRun.size()) != kRun) {
    return std::nullopt;
  }
  const auto time = parse_stamp_time(value.substr(kHead.size(), kTime));
  std::size_t at = kHead.size() + kTime + kRun.size();
  // Only printable ASCII without escapes: then the string is what it looks like.
  while (at < value.size() && value[at] >= ' ' && value[at] <= '~' && value[at] != '"' &&
         value[at] != '\\') {
    ++at;
  }
  if (!time || value.substr(at, kWork.size()) != kWork) {
    return std::nullopt;
  }
  const std::string_view body = value.substr(at + kWork.size());
  if (body.size() < 3 || body.front() != '{' || !body.ends_with("}}")) {
    return std::nullopt;
  }
  return RawRecord{RawRecord::Kind::sighting, *time, {}, body.substr(0, body.size() - 1), true};
}

Error malformed(const char* what) {
  return Error{Errc::malformed_payload, "", "json", std::string{"raw record: "} + what};
}

}  // namespace

struct RawReader::Impl {
  ondemand::parser parser;
  std::string padded;

  Result<RawRecord> parse(std::string_view value, Arena& arena);
};

RawReader::RawReader() : impl_{std::make_unique<Impl>()} {}
RawReader::~RawReader() = default;

Result<RawRecord> RawReader::read(std::string_view value, Arena& arena) {
  if (auto record = cut(value)) {
    return *record;
  }
  return impl_->parse(value, arena);
}

Result<RawRecord> RawReader::read_whole(std::string_view value, Arena& arena) {
  return impl_->parse(value, arena);
}

Result<RawRecord> RawReader::Impl::parse(std::string_view value, Arena& arena) {
  padded.assign(value);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  ondemand::document document;
  if (const auto error = parser.iterate(padded.data(), value.size(), padded.size()).get(document)) {
    return malformed(simdjson::error_message(error));
  }
  ondemand::object object;
  if (const auto error = document.get_object().get(object)) {
    return malformed(simdjson::error_message(error));
  }
  std::optional<std::string> fetched_at;
  std::optional<std::string> former_identifier;
  std::optional<RawRecord::Kind> kind;
  std::string_view body;
  for (auto member : object) {
    std::string_view name;
    ondemand::value part;
    if (auto error = member.unescaped_key().get(name)) {
      return malformed(simdjson::error_message(error));
    }
    if (auto error = member.value().get(part)) {
      return malformed(simdjson::error_message(error));
    }
    std::optional<RawRecord::Kind> this_kind;
    if (name == "work") {
      this_kind = RawRecord::Kind::sighting;
    } else if (name == "removed") {
      this_kind = RawRecord::Kind::removed;
    } else if (name == "run_finished") {
      this_kind = RawRecord::Kind::run_finished;
    } else if (name != "seen") {
      continue;  // a member of a later minor form
    }
    ondemand::object inner;
    if (auto error = part.get_object().get(inner)) {
      return malformed(simdjson::error_message(error));
    }
    if (this_kind) {
      if (kind) {
        return Error{Errc::malformed_payload, std::string{name}, "one_body",
                     "raw record: more than one of work, removed, run_finished"};
      }
      kind = this_kind;
      if (auto error = inner.raw_json().get(body)) {
        return malformed(simdjson::error_message(error));
      }
      body = body.substr(0, body.rfind('}') + 1);  // raw_json goes on to the next token
    } else {
      std::string_view text;
      const auto error = inner.find_field_unordered("fetched_at").get_string().get(text);
      if (!error) {
        fetched_at = std::string{text};
      } else if (error != simdjson::NO_SUCH_FIELD && error != simdjson::INCORRECT_TYPE) {
        return malformed(simdjson::error_message(error));  // the document cannot be read on
      }
      if (!inner.find_field_unordered("former_identifier").get_string().get(text)) {
        former_identifier = std::string{text};
      }
    }
  }
  // On demand leaves what is behind the object unread, and the object itself unclosed on an error.
  const char* behind = nullptr;
  if (document.current_location().get(behind) != simdjson::OUT_OF_BOUNDS) {
    return malformed("text behind the object");
  }
  if (!kind) {
    return Error{Errc::missing_field, "work", "required", "raw record without work"};
  }
  if (!fetched_at) {
    return Error{Errc::missing_field, "seen.fetched_at", "required",
                 "raw record without fetched_at"};
  }
  const auto time = parse_stamp_time(*fetched_at);
  if (!time) {
    return Error{Errc::invalid_value, "seen.fetched_at", "time", "fetched_at is not RFC 3339"};
  }
  // The stores hold what is a UUID, and clients accept no other.
  if (former_identifier && !is_uuid_v4(*former_identifier)) {
    return Error{Errc::invalid_value, "seen.former_identifier", "uuid",
                 "former_identifier is no UUID of version 4 in lower case"};
  }
  return RawRecord{*kind, *time, copy_to(arena, former_identifier.value_or("")),
                   copy_to(arena, body), false};
}

}  // namespace freshet
