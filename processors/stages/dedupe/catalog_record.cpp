#include "processors/stages/dedupe/catalog_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/key.hpp"
#include "processors/json_slices.hpp"
#include "processors/json_text.hpp"

namespace freshet {

const std::string_view kNoDecisions = R"({"takedown":null,"sensitive":null,"erase":null})";

namespace {

constexpr std::array<std::string_view, kStatusCount> kStatusNames{"live", "duplicate",
                                                                  "removed_at_source", "blocked"};
constexpr std::string_view kMetaData = "meta_data.";
constexpr std::string_view kAudioSet = "audio_set.";

// A string without escapes, without its quotes; nothing when it is not one.
std::optional<std::string_view> plain(std::string_view json) {
  if (json.size() < 2 || json.front() != '"' || json.back() != '"') {
    return std::nullopt;
  }
  return json.substr(1, json.size() - 2);
}

std::optional<UtcTime> read_time(std::string_view json) {
  const auto text = plain(json);
  return text ? parse_time(*text) : std::nullopt;
}

bool read_older(std::string_view json, OlderList& out, Arena& arena) {
  return each_member_slice(json, [&](std::string_view name_json, std::string_view value) {
    const auto name = decode_json_text(name_json, arena);
    const auto stamp = parse_stamp(value);
    if (!name || !stamp) {
      return false;
    }
    if (name->starts_with(kMetaData)) {
      out.push_back({SlotGroup::meta_data, name->substr(kMetaData.size()), *stamp});
    } else if (name->starts_with(kAudioSet)) {
      out.push_back({SlotGroup::audio_set, name->substr(kAudioSet.size()), *stamp});
    } else {
      out.push_back({SlotGroup::field, *name, *stamp});
    }
    return true;
  });
}

bool read_seen(std::string_view json, Seen& seen, Arena& arena) {
  return each_member_slice(json, [&](std::string_view name, std::string_view value) {
    if (name == R"("older")") {
      return read_older(value, seen.older, arena);
    }
    if (value == "null") {
      return true;
    }
    if (name == R"("newest")") {
      seen.newest = parse_stamp(value);
      return seen.newest.has_value();
    }
    if (name == R"("removed")") {
      seen.removed = read_time(value);
      return seen.removed.has_value();
    }
    if (name == R"("url_hash")") {
      seen.url_hash = plain(value).value_or("");
    }
    return true;
  });
}

bool read_member(std::string_view name, std::string_view value, CatalogRecord& record,
                 Arena& arena) {
  const auto time = [&](UtcTime& into) {
    const auto read = read_time(value);
    into = read.value_or(UtcTime{});
    return read.has_value();
  };
  if (name == "key" || name == "duplicate_of") {
    if (value == "null") {
      return name != "key";
    }
    const auto text = decode_json_text(value, arena);
    (name == "key" ? record.key : record.duplicate_of) = text.value_or("");
    return text.has_value();
  }
  if (name == "identifier") {
    record.identifier = plain(value).value_or("");
    return true;
  }
  if (name == "revision") {
    const auto read = std::from_chars(value.data(), value.data() + value.size(), record.revision);
    return read.ec == std::errc{} && read.ptr == value.data() + value.size();
  }
  if (name == "status") {
    const auto status = parse_status(plain(value).value_or(""));
    record.status = status.value_or(Status::live);
    return status.has_value();
  }
  if (name == "created_on") {
    return time(record.created_on);
  }
  if (name == "updated_on") {
    return time(record.updated_on);
  }
  if (name == "last_seen_at") {
    record.last_seen_at = read_time(value);
    return record.last_seen_at.has_value() || value == "null";
  }
  if (name == "former_identifiers") {
    record.former_identifiers = value;
  } else if (name == "work") {
    record.work = value;
  } else if (name == "derived") {
    record.derived = value;
  } else if (name == "decisions") {
    record.decisions = value;
  } else if (name == "seen") {
    return read_seen(value, record.seen, arena);
  }
  return true;
}

void append_older(std::string& out, const OlderList& older) {
  out += "{";
  for (const Older& entry : older) {
    if (&entry != &older.front()) {
      out += ',';
    }
    if (entry.group == SlotGroup::field) {
      append_json_text(out, entry.name);
    } else {
      std::string path{entry.group == SlotGroup::meta_data ? kMetaData : kAudioSet};
      path += entry.name;
      append_json_text(out, path);
    }
    out += ':';
    append_stamp(out, entry.stamp);
  }
  out += '}';
}

void append_quoted_time(std::string& out, UtcTime time, int digits) {
  out += '"';
  append_time(out, time, digits);
  out += '"';
}

void append_seen(std::string& out, const Seen& seen) {
  out += R"({"newest":)";
  if (seen.newest) {
    append_stamp(out, *seen.newest);
  } else {
    out += "null";
  }
  out += R"(,"removed":)";
  if (seen.removed) {
    append_quoted_time(out, *seen.removed, 6);
  } else {
    out += "null";
  }
  out += R"(,"url_hash":)";
  if (seen.url_hash.empty()) {
    out += "null";
  } else {
    out += '"';
    out += seen.url_hash;
    out += '"';
  }
  out += R"(,"older":)";
  append_older(out, seen.older);
  out += '}';
}

}  // namespace

std::string_view to_string(Status status) noexcept {
  return kStatusNames[static_cast<std::size_t>(status)];
}

std::optional<Status> parse_status(std::string_view text) noexcept {
  const auto found = std::find(kStatusNames.begin(), kStatusNames.end(), text);
  if (found == kStatusNames.end()) {
    return std::nullopt;
  }
  return static_cast<Status>(found - kStatusNames.begin());
}

void append_catalog_record(std::string& out, const CatalogRecord& record) {
  out += R"({"key":)";
  append_json_text(out, record.key);
  out += R"(,"identifier":")";
  if (record.identifier.empty()) {
    out += work_identifier(record.key);
  } else {
    out += record.identifier;
  }
  out += R"(","former_identifiers":)";
  out += record.former_identifiers;
  out += R"(,"revision":)";
  out += std::to_string(record.revision);
  out += R"(,"status":")";
  out += to_string(record.status);
  out += R"(","duplicate_of":)";
  if (record.duplicate_of.empty()) {
    out += "null";
  } else {
    append_json_text(out, record.duplicate_of);
  }
  out += R"(,"created_on":)";
  append_quoted_time(out, record.created_on, 3);
  out += R"(,"updated_on":)";
  append_quoted_time(out, record.updated_on, 3);
  out += R"(,"last_seen_at":)";
  if (record.last_seen_at) {
    append_quoted_time(out, *record.last_seen_at, 3);
  } else {
    out += "null";
  }
  if (!record.work.empty()) {
    out += R"(,"work":)";
    out += record.work;
  }
  out += R"(,"derived":)";
  out += record.derived;
  out += R"(,"decisions":)";
  out += record.decisions;
  out += R"(,"seen":)";
  append_seen(out, record.seen);
  out += '}';
}

Result<CatalogRecord> parse_catalog_record(std::string_view json, Arena& arena) {
  CatalogRecord record{&arena};
  const bool well_formed =
      each_member_slice(json, [&](std::string_view name, std::string_view value) {
        return read_member(name.substr(1, name.size() - 2), value, record, arena);
      });
  if (!well_formed || record.key.empty() || record.revision <= 0 || record.derived.empty() ||
      record.decisions.empty()) {
    return Error{Errc::malformed_payload, Retry::never, "not a catalogue record"};
  }
  return record;
}

}  // namespace freshet
