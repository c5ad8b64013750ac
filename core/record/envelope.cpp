#include "core/record/envelope.hpp"

#include <simdjson.h>

#include <optional>
#include <set>
#include <utility>

#include "core/json.hpp"
#include "core/key.hpp"

namespace freshet {
namespace {

namespace ondemand = simdjson::ondemand;

// What the writer writes and the scanner looks for:
// {"seen":{"fetched_at":"<27>","run_id":"<plain>"},"work":{ … }}
constexpr std::string_view kHead = R"({"seen":{"fetched_at":")";
constexpr std::size_t kTime = 27;
constexpr std::string_view kRun = R"(","run_id":")";
constexpr std::string_view kWork = R"("},"work":)";

std::string_view member_of(RawRecord::Kind kind) {
  switch (kind) {
    case RawRecord::Kind::sighting:
      return "work";
    case RawRecord::Kind::removed:
      return "removed";
    case RawRecord::Kind::run_finished:
      return "run_finished";
  }
  return "";
}

std::optional<RawRecord::Kind> kind_of(std::string_view member) {
  for (const auto kind :
       {RawRecord::Kind::sighting, RawRecord::Kind::removed, RawRecord::Kind::run_finished}) {
    if (member == member_of(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

std::optional<RawRecord> cut(std::string_view value) {
  if (!value.starts_with(kHead) || value.size() < kHead.size() + kTime + kRun.size() ||
      value.substr(kHead.size() + kTime, kRun.size()) != kRun) {
    return std::nullopt;
  }
  const auto time = parse_stamp_time(value.substr(kHead.size(), kTime));
  const std::size_t run_id = kHead.size() + kTime + kRun.size();
  std::size_t at = run_id;
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
  return RawRecord{.kind = RawRecord::Kind::sighting,
                   .fetched_at = *time,
                   .run_id = value.substr(run_id, at - run_id),
                   .former_identifier = {},
                   .body = body.substr(0, body.size() - 1),
                   .body_unchecked = true};
}

Error malformed(const char* what) {
  return Error{Errc::malformed_payload, "", "json", std::string{"raw record: "} + what};
}

// Readers of JSON disagree on which of two holds: so neither does.
Error twice(std::string field) {
  std::string why = "raw record: " + field + " stands twice";
  return Error{Errc::malformed_payload, std::move(field), "duplicate_member", std::move(why)};
}

// Names are views into the parser's buffer, where they stay until the next record.
using Names = std::set<std::string_view>;

}  // namespace

void open_raw_record(std::string& out, const RawRecord& record) {
  out += kHead;
  append_time(out, record.fetched_at, 6);
  out += kRun.substr(0, kRun.size() - 1);
  append_json_string(out, record.run_id);
  if (!record.former_identifier.empty()) {
    out += R"(,"former_identifier":)";
    append_json_string(out, record.former_identifier);
  }
  out += "},\"";
  out += member_of(record.kind);
  out += "\":";
}

void close_raw_record(std::string& out) { out += '}'; }

std::string write_raw_record(const RawRecord& record) {
  std::string out;
  out.reserve(record.body.size() + record.run_id.size() + 128);
  open_raw_record(out, record);
  out += record.body;
  close_raw_record(out);
  return out;
}

struct RawReader::Impl {
  ondemand::parser parser;
  std::string padded;

  // Of `seen`; nothing where it is absent or no text.
  std::optional<std::string> fetched_at;
  std::optional<std::string> run_id;
  std::optional<std::string> former_identifier;

  std::optional<std::string>* text_of(std::string_view name) {
    return name == "fetched_at"          ? &fetched_at
           : name == "run_id"            ? &run_id
           : name == "former_identifier" ? &former_identifier
                                         : nullptr;
  }

  Result<RawRecord> parse(std::string_view value, Arena& arena);
  std::optional<Error> read_seen(ondemand::object& seen);
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

namespace {

// Reads the names of an object, which can then be read from its start.
std::optional<Error> find_twice(ondemand::object& object, std::string_view field) {
  Names names;
  for (auto member : object) {
    std::string_view name;
    if (auto error = member.unescaped_key().get(name)) {
      return malformed(simdjson::error_message(error));
    }
    if (!names.insert(name).second) {
      return twice(std::string{field}.append(".").append(name));
    }
  }
  bool is_empty = false;
  if (auto error = object.reset().get(is_empty)) {
    return malformed(simdjson::error_message(error));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> RawReader::Impl::read_seen(ondemand::object& seen) {
  Names names;
  for (auto member : seen) {
    std::string_view name;
    std::string_view text;
    if (auto error = member.unescaped_key().get(name)) {
      return malformed(simdjson::error_message(error));
    }
    if (!names.insert(name).second) {
      return twice("seen." + std::string{name});
    }
    std::optional<std::string>* const into = text_of(name);
    if (into == nullptr) {
      continue;
    }
    const auto error = member.value().get_string().get(text);
    if (!error) {
      *into = std::string{text};
    } else if (error != simdjson::INCORRECT_TYPE) {
      return malformed(simdjson::error_message(error));  // the document cannot be read on
    }
  }
  return std::nullopt;
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
  fetched_at.reset();
  run_id.reset();
  former_identifier.reset();
  std::optional<RawRecord::Kind> kind;
  std::string_view body;
  Names names;
  for (auto member : object) {
    std::string_view name;
    ondemand::value part;
    if (auto error = member.unescaped_key().get(name)) {
      return malformed(simdjson::error_message(error));
    }
    if (auto error = member.value().get(part)) {
      return malformed(simdjson::error_message(error));
    }
    if (!names.insert(name).second) {
      return twice(std::string{name});
    }
    const std::optional<RawRecord::Kind> this_kind = kind_of(name);
    if (!this_kind && name != "seen") {
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
      // Those of `work` are looked at by whoever reads it.
      if (kind != RawRecord::Kind::sighting) {
        if (auto error = find_twice(inner, name)) {
          return *std::move(error);
        }
      }
      if (auto error = inner.raw_json().get(body)) {
        return malformed(simdjson::error_message(error));
      }
      body = body.substr(0, body.rfind('}') + 1);  // raw_json goes on to the next token
    } else {
      if (auto error = read_seen(inner)) {
        return *std::move(error);
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
  return RawRecord{.kind = *kind,
                   .fetched_at = *time,
                   .run_id = copy_to(arena, run_id.value_or("")),
                   .former_identifier = copy_to(arena, former_identifier.value_or("")),
                   .body = copy_to(arena, body),
                   .body_unchecked = false};
}

}  // namespace freshet
