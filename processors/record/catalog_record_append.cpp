// How a catalogue record is written.
#include <string>

#include "processors/record/catalog_record.hpp"
#include "processors/record/json_text.hpp"
#include "processors/record/record_members.hpp"
#include "processors/record/url_claim.hpp"

namespace freshet {
namespace {

using record_members::kAudioSet;
using record_members::kMetaData;

void append_others(std::string& out, const std::pmr::vector<Member>& others) {
  for (const Member& member : others) {
    out += ',';
    append_json_text(out, member.name);
    out += ':';
    out += member.json;
  }
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
  append_others(out, seen.others);
  out += '}';
}

}  // namespace

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
  append_others(out, record.others);
  out += R"(,"seen":)";
  append_seen(out, record.seen);
  out += '}';
}

}  // namespace freshet
