// The part of stage `dedupe` that brings its state back: from the disk, then from its changelogs.
#include <algorithm>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/topics.hpp"
#include "processors/stages/dedupe/dedupe_stage.hpp"
#include "processors/stages/dedupe/seen_entries.hpp"

namespace freshet {
namespace {

// In the order of `kChangelogs`.
constexpr std::size_t kCatalog = 0;

// Records that are visited, or written, between two looks at what else there is to do.
constexpr std::size_t kRecordsAtOnce = 5'000;
// Of entries whose works are past the limit of the table: 39 bytes each, and a look through all
// records per so many.
constexpr std::size_t kMostUnsettled = 1'000'000;

}  // namespace

bool DedupeStage::load(const KeepAlive& keep_alive) {
  ChangelogPositions& at = stored_.positions();
  // A table that is ahead of the records could not be brought on by reading records again.
  HotTable& table = dedupe_.table();
  const auto saved = stored_.store().load_table(table);
  if (saved && saved->catalog <= at.catalog) {
    at.catalog = saved->catalog;
    at.seen = saved->seen;
    return true;
  }
  table.clear();
  at.seen.read_to(0);  // the entries are not in the records
  const bool is_whole =
      each_record(keep_alive, {}, [&](std::string_view key, std::string_view json) {
        if (!dedupe_.restore_record(key, json)) {
          log::warn("stored_record_ignored", {{"partition", number_}});
        }
        return true;
      });
  if (!is_whole) {
    table.clear();
  }
  return is_whole;
}

void DedupeStage::forget() { dedupe_.table().clear(); }

std::int64_t DedupeStage::position(std::size_t changelog) const {
  const ChangelogPositions& at = stored_.positions();
  return (changelog == kCatalog ? at.catalog : at.seen).next();
}

std::optional<std::int64_t> DedupeStage::newest_read_ms(std::size_t changelog) const {
  return changelog == kCatalog ? std::optional{stored_.positions().written_ms} : std::nullopt;
}

void DedupeStage::restore_totals(std::string_view name, const Totals& totals) {
  dedupe_.restore_totals(name, totals);
}

void DedupeStage::restore(std::size_t changelog, const TopicRecord& record) {
  changelog == kCatalog ? restore_record(record) : restore_seen(record);
}

void DedupeStage::restore_record(const TopicRecord& record) {
  check_version(record);
  ChangelogPositions& at = stored_.positions();
  at.catalog.read_to(record.offset.value + 1);
  at.written_until(record.appended.millis());
  const auto kept = record.key && record.value ? dedupe_.restore_record(*record.key, *record.value)
                                               : Result<std::string_view>{Error{}};
  if (!kept) {
    log::warn(
        "catalogue_record_ignored",
        {{"partition", number_},
         {"offset", record.offset.value},
         {"text", record.key && record.value ? kept.error().message() : "no key, or no value"}});
    return;
  }
  restored_.emplace_back(*record.key, kept->data() == record.value->data()
                                          ? *record.value
                                          : raised_.emplace_back(*kept));
}

// Members that this version does not know would be lost with the next update of the work.
void DedupeStage::check_version(const TopicRecord& record) const {
  constexpr std::string_view kName = "catalog/";
  static_assert(schema_header::kCatalog.starts_with(kName));
  if (record.schema && record.schema->starts_with(kName) &&
      *record.schema != schema_header::kCatalog) {
    throw WorkFailed(topics_.catalog + "[" + std::to_string(number_) + "] has at offset " +
                     std::to_string(record.offset.value) + " a record of schema " +
                     std::string{*record.schema} +
                     ": another version of freshet goes on from there");
  }
}

void DedupeStage::restore_seen(const TopicRecord& record) {
  if (!record.value) {
    return;
  }
  stored_.positions().seen.read_to(record.offset.value + 1);
  const bool is_whole = each_seen_entry(*record.value, [&](const SeenEntry& entry) {
    dedupe_.restore_seen(entry.key_hash, entry.fingerprint, entry.fetched_at);
  });
  if (!is_whole) {
    log::warn("seen_message_ignored", {{"partition", number_}, {"offset", record.offset.value}});
  }
}

void DedupeStage::write_restored() {
  if (!restored_.empty()) {
    stored_.write(restored_, RecordForm::json);
    restored_.clear();
    raised_.clear();
  }
}

bool DedupeStage::settle_restored(const KeepAlive& keep_alive) {
  return dedupe_.unsettled_seen() <= kMostUnsettled || settle_seen(keep_alive);
}

void DedupeStage::end_changelog(std::size_t changelog, const ChangelogBounds& bounds) {
  ChangelogPositions& at = stored_.positions();
  (changelog == kCatalog ? at.catalog : at.seen).read_to(bounds.target);
}

bool DedupeStage::end_restore(const KeepAlive& keep_alive) {
  if (!settle_seen(keep_alive)) {
    return false;
  }
  // Works that were there before their provider had a metric; nothing to do but then.
  const bool is_counted = dedupe_.count_metrics(
      shipped_dedupe_rules(), [&](std::string_view prefix, const Dedupe::Visit& visit) {
        return each_record(keep_alive, prefix, visit);
      });
  if (!is_counted) {
    return false;
  }
  stored_.write({}, RecordForm::json);
  scan_.load();
  scanned_for_ = nullptr;
  return true;
}

// Visits the records on disk while the group stays polled. False when it ended early.
bool DedupeStage::each_record(const KeepAlive& keep_alive, std::string_view prefix,
                              const Dedupe::Visit& visit) {
  std::size_t visited = 0;
  bool goes_on = true;
  stored_.store().each_from({}, prefix, [&](std::string_view key, std::string_view json) {
    goes_on = visit(key, json) && (++visited % kRecordsAtOnce != 0 || keep_alive());
    return goes_on;
  });
  return goes_on;
}

// Raises the records of works past the limit of the table. The positions on disk stay as they are:
// a crash before all is written reads the entries again.
bool DedupeStage::settle_seen(const KeepAlive& keep_alive) {
  if (dedupe_.unsettled_seen() == 0) {
    return true;
  }
  PartitionStore& store = stored_.store();
  const ChangelogPositions on_disk = store.positions().value_or(ChangelogPositions{});
  std::vector<std::pair<std::string, std::string>> raised;
  const auto write = [&] {
    const std::vector<std::pair<std::string_view, std::string_view>> records{raised.begin(),
                                                                             raised.end()};
    store.write(records, RecordForm::json, {}, on_disk);
    raised.clear();
  };
  const bool is_whole = dedupe_.settle_seen(
      [&](std::string_view prefix, const Dedupe::Visit& visit) {
        return each_record(keep_alive, prefix, visit);
      },
      [&](std::string_view key, std::string_view json) {
        raised.emplace_back(key, json);
        if (raised.size() >= kRecordsAtOnce) {
          write();
        }
      });
  write();
  return is_whole;
}

void DedupeStage::save() {
  if (dedupe_.unsettled_seen() != 0) {
    return;  // the positions are past what neither table nor records have: an unfinished restore
  }
  stored_.store().save_table(dedupe_.table(), stored_.positions());
}

}  // namespace freshet
