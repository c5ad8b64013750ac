// What can be saved of a catalogue record that cannot be read.
#include <algorithm>
#include <chrono>

#include <simdjson.h>

#include "core/key.hpp"
#include "core/utf8.hpp"
#include "processors/record/catalog_record.hpp"
#include "processors/record/decisions.hpp"
#include "processors/record/json_slices.hpp"
#include "processors/record/record_members.hpp"

namespace freshet {
namespace {

using namespace record_members;

// The greatest up to `most` that stands after any member of that name, wherever it is.
std::int64_t any_revision(std::string_view json, std::int64_t most) {
  constexpr std::string_view kMark = R"("revision":)";
  std::int64_t greatest = 0;
  for (std::size_t at = json.find(kMark); at != std::string_view::npos;
       at = json.find(kMark, at + 1)) {
    std::string_view digits = json.substr(at + kMark.size());
    digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
    digits = digits.substr(0, digits.find_first_not_of("0123456789"));
    std::int64_t revision = 0;
    if (read_revision(digits, revision) && revision <= most) {
      greatest = std::max(greatest, revision);
    }
  }
  return greatest;
}

bool is_work_of(std::string_view key, std::string_view json, Arena& arena) {
  const auto work = parse_work(json, arena);
  const auto parts = parse_work_key(key);
  return work && parts && work->media_type == parts->media_type &&
         work->provider == parts->provider && work->foreign_identifier == parts->foreign_identifier;
}

}  // namespace

SavedRecord save_catalog_record(std::string_view key, std::string_view json, UtcTime now,
                                Arena& arena) {
  SavedRecord saved{.record = CatalogRecord{&arena}, .found_work = {}};
  CatalogRecord& record = saved.record;
  // Texts of a source are no revisions: a number of theirs may not push the work to the last one.
  std::int64_t revision = any_revision(json, (now + std::chrono::days{1}).millis());
  auto* const compact = static_cast<char*>(arena.allocate(json.size() + 1, 1));
  std::size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), compact, size) == simdjson::SUCCESS) {
    json = {compact, size};
  }
  bool has_created_on = false;
  // Where its structure breaks off, what stands before is read.
  each_member_slice(json, [&](std::string_view quoted, std::string_view value) {
    const auto name = decode_json_text(quoted, arena);
    if (name == kNames[kWork] && saved.found_work.empty()) {
      saved.found_work = value;
    }
    if (!name || !is_utf8(*name) || !is_utf8(value) || !is_compact_json(value)) {
      return true;
    }
    const auto known =
        static_cast<std::size_t>(std::find(kNames.begin(), kNames.end(), *name) - kNames.begin());
    if (known == kNames.size()) {
      record.others.push_back({*name, value});
    } else if (read_member(static_cast<Name>(known), value, record, arena)) {
      revision = std::max(revision, record.revision);
      saved.has_status = saved.has_status || known == kStatus;
      has_created_on = has_created_on || known == kCreatedOn;
    }
    return true;
  });
  record.key = key;
  record.identifier = {};
  record.revision = revision;
  std::ranges::stable_sort(record.others, {}, &Member::name);
  const auto repeated = std::ranges::unique(record.others, {}, &Member::name);
  record.others.erase(repeated.begin(), repeated.end());
  record.created_on = has_created_on ? record.created_on : now;
  if (!parse_work_key(record.duplicate_of)) {
    record.duplicate_of = {};
  }
  // A work without the stamps of what it is made of could not be merged with what comes.
  if (!record.seen.newest || !is_work_of(key, record.work, arena)) {
    record.work = {};
  }
  if (record.work.empty()) {
    record.seen.older.clear();
  }
  const bool is_decided = may_block(record.decisions);
  const bool was_blocked = saved.has_status
                               ? record.status == Status::blocked
                               : json.find(R"("status":"blocked")") != std::string_view::npos;
  saved.has_lost_block = was_blocked && !is_decided;
  if (!saved.has_status && is_decided) {
    record.status = Status::blocked;  // whether a kind that is not known here blocks is lost
  }
  if (record.decisions.empty()) {
    record.decisions = kNoDecisions;
  }
  return saved;
}

}  // namespace freshet
