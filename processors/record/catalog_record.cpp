#include "processors/record/catalog_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include <simdjson.h>

#include "core/key.hpp"
#include "core/utf8.hpp"
#include "processors/record/decisions.hpp"
#include "processors/record/json_slices.hpp"
#include "processors/record/json_text.hpp"
#include "processors/record/record_head.hpp"
#include "processors/record/record_members.hpp"
#include "processors/record/url_claim.hpp"

namespace freshet {

const std::string_view kNoDecisions = R"({"takedown":null,"sensitive":null,"erase":null})";

namespace {

using namespace record_members;

// A string without escapes, without its quotes; nothing when it is not one.
std::optional<std::string_view> plain(std::string_view json) {
  if (json.size() < 2 || json.front() != '"' || json.back() != '"') {
    return std::nullopt;
  }
  return json.substr(1, json.size() - 2);
}

// Year 9999 is as far as texts go: `parse_time` ends there.
std::optional<UtcTime> read_time(std::string_view json) {
  const auto text = plain(json);
  const auto time = text ? parse_time(*text) : std::nullopt;
  return time && time->micros >= 0 ? time : std::nullopt;
}

std::optional<UtcTime> read_sighting_time(std::string_view json) {
  const auto time = read_time(json);
  return time && is_sighting_time(*time) ? time : std::nullopt;
}

// Whether two have one name. Members stay in their order, so that a record stays what it is.
bool has_repeated(const std::pmr::vector<Member>& members) {
  if (members.size() < 2) {
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const Member& member : members) {
    names.push_back(member.name);
  }
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

// The order of members means nothing, so others may write any; in the list it means much.
bool sort_slots(OlderList& older) {
  const auto slot = [](const Older& entry) { return std::pair{entry.group, entry.name}; };
  if (!std::ranges::is_sorted(older, {}, slot)) {
    std::ranges::sort(older, {}, slot);
  }
  return std::ranges::adjacent_find(older, {}, slot) == older.end();
}

// False where one stands twice, too.
bool read_older(std::string_view json, OlderList& out, Arena& arena) {
  const bool is_read =
      each_member_slice(json, [&](std::string_view name_json, std::string_view value) {
        const auto name = decode_json_text(name_json, arena);
        const auto stamp = parse_stamp(value);
        if (!name || !stamp || !is_sighting_time(stamp->fetched_at)) {
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
  return is_read && sort_slots(out);
}

// Members of an object that were read, each by its bit: none may stand twice.
class Once {
 public:
  template <std::size_t N>
  std::optional<std::size_t> take(const std::array<std::string_view, N>& names,
                                  std::string_view name) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::size_t at = (next_ + i) % N;  // they mostly stand in this order
      if (names[at] == name) {
        is_repeated_ = is_repeated_ || (bits_ >> at & 1U) != 0;
        bits_ |= 1U << at;
        next_ = at + 1;
        return at;
      }
    }
    return std::nullopt;
  }
  bool is_repeated() const { return is_repeated_; }
  bool has(std::size_t at) const { return (bits_ >> at & 1U) != 0; }

 private:
  std::uint32_t bits_ = 0;
  std::size_t next_ = 0;
  bool is_repeated_ = false;
};

constexpr std::array<std::string_view, 4> kSeenNames{"newest", "removed", "url_hash", "older"};

bool read_seen(std::string_view json, Seen& seen, Arena& arena) {
  Once once;
  const bool is_read =
      each_member_slice(json, [&](std::string_view quoted, std::string_view value) {
        const auto name = decode_json_text(quoted, arena);
        if (!name) {
          return false;
        }
        const auto known = once.take(kSeenNames, *name);
        if (!known) {
          // Nothing may look like the head of the record, which is found by its mark.
          if (value.find(R"("seen":{"newest":)") == std::string_view::npos) {
            seen.others.push_back({*name, value});
          }
          return true;
        }
        if (once.is_repeated()) {
          return false;
        }
        if (*known == 3) {
          return read_older(value, seen.older, arena);
        }
        if (value == "null") {
          return true;
        }
        if (*known == 0) {
          seen.newest = parse_stamp(value);
          return seen.newest && is_sighting_time(seen.newest->fetched_at);
        }
        if (*known == 1) {
          seen.removed = read_sighting_time(value);
          return seen.removed.has_value();
        }
        const auto hash = plain(value);
        seen.url_hash = hash.value_or("");
        return hash && parse_url_hash(*hash).has_value();
      });
  return is_read && !has_repeated(seen.others);
}

bool read_text(std::string_view json, std::string_view& into, Arena& arena) {
  const auto text = decode_json_text(json, arena);
  into = text.value_or(std::string_view{});
  return text.has_value();
}

bool read_object(std::string_view json, std::string_view& into) {
  into = json.starts_with('{') ? json : std::string_view{};
  return !into.empty();
}

Error at_fault(std::string_view member, std::string_view rule) {
  return {Errc::malformed_payload, std::string{member}, std::string{rule},
          "catalogue record: " + (member.empty() ? std::string{"it"} : std::string{member}) +
              " breaks rule " + std::string{rule}};
}

}  // namespace

namespace record_members {

bool read_revision(std::string_view json, std::int64_t& revision) {
  const auto read = std::from_chars(json.data(), json.data() + json.size(), revision);
  if (read.ec != std::errc{} || read.ptr != json.data() + json.size() || !is_revision(revision)) {
    revision = 0;
    return false;
  }
  return true;
}

bool read_member(Name name, std::string_view value, CatalogRecord& record, Arena& arena) {
  const auto time = [&](UtcTime& into) {
    const auto read = read_time(value);
    into = read.value_or(UtcTime{});
    return read.has_value();
  };
  switch (name) {
    case kKey:
      return read_text(value, record.key, arena);
    case kDuplicateOf:
      return value == "null" || read_text(value, record.duplicate_of, arena);
    case kIdentifier:
      record.identifier = plain(value).value_or("");
      return is_uuid_v4(record.identifier);
    case kRevision:
      return read_revision(value, record.revision);
    case kStatus: {
      const auto status = parse_status(plain(value).value_or(""));
      record.status = status.value_or(Status::live);
      return status.has_value();
    }
    case kCreatedOn:
      return time(record.created_on);
    case kUpdatedOn:
      return time(record.updated_on);
    case kLastSeenAt:
      record.last_seen_at = read_sighting_time(value);
      return record.last_seen_at.has_value() || value == "null";
    case kFormerIdentifiers: {
      const bool are_uuids = each_element_slice(value, [](std::string_view element) {
        const auto text = plain(element);
        return text && is_uuid_v4(*text);
      });
      if (are_uuids) {
        record.former_identifiers = value;
      }
      return are_uuids;
    }
    case kWork:
      return read_object(value, record.work);
    case kDerived:
      return read_object(value, record.derived);
    case kDecisions:
      return read_object(value, record.decisions);
    case kSeen: {
      Seen seen{&arena};
      if (!value.starts_with('{') || !read_seen(value, seen, arena)) {
        return false;
      }
      record.seen = std::move(seen);
      return true;
    }
  }
  return false;
}

}  // namespace record_members

Result<CatalogRecord> parse_catalog_record(std::string_view json, Arena& arena) {
  CatalogRecord record{&arena};
  Once once;
  std::string_view bad;
  std::string_view rule = "form";
  const bool well_formed =
      each_member_slice(json, [&](std::string_view quoted, std::string_view value) {
        const auto name = decode_json_text(quoted, arena);
        bad = name.value_or(quoted);
        if (!name) {
          return false;
        }
        const auto known = once.take(kNames, *name);
        if (once.is_repeated()) {
          rule = "duplicate_member";
          return false;
        }
        if (known) {
          return read_member(static_cast<Name>(*known), value, record, arena);
        }
        record.others.push_back({*name, value});
        return true;
      });
  if (!well_formed) {
    return at_fault(bad, rule);
  }
  if (has_repeated(record.others)) {
    return at_fault("", "duplicate_member");
  }
  // What has no value that stands for a lack of it.
  for (const Name name : {kKey, kIdentifier, kRevision, kStatus, kCreatedOn, kUpdatedOn, kDerived,
                          kDecisions, kSeen}) {
    if (!once.has(name)) {
      return at_fault(kNames[name], "required");
    }
  }
  if (record.key.empty()) {
    return at_fault("key", "required");
  }
  return record;
}

Result<CatalogRecord> read_catalog_record(std::string_view key, std::string_view json,
                                          Arena& arena) {
  if (!is_utf8(json)) {
    return at_fault("", "utf8");
  }
  if (!is_compact_json(json)) {
    // Perhaps it has white space, as a record may that others wrote.
    auto* const compact = static_cast<char*>(arena.allocate(json.size() + 1, 1));
    std::size_t size = 0;
    if (simdjson::minify(json.data(), json.size(), compact, size) != simdjson::SUCCESS ||
        !is_compact_json({compact, size})) {
      return at_fault("", "json");
    }
    json = {compact, size};
  }
  auto record = parse_catalog_record(json, arena);
  if (record && (record->key != key || record->identifier != work_identifier(key))) {
    return Error{Errc::wrong_key, record->key != key ? "key" : "identifier", "of_key",
                 "catalogue record: it is of another work"};
  }
  return record;
}

}  // namespace freshet
