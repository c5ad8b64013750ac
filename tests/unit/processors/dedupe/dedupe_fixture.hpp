#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/decision.hpp"
#include "core/hash.hpp"
#include "core/topics.hpp"
#include "processors/record/json_text.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/stages/dedupe/scan.hpp"
#include "processors/stages/dedupe/seen_entries.hpp"

namespace freshet {

/// Records as committed, in memory.
class MapStore final : public RecordStore {
 public:
  bool get(std::string_view key, std::string& value) override {
    ++reads;
    const auto found = records.find(key);
    if (found == records.end()) {
      return false;
    }
    value = found->second;
    return true;
  }

  std::map<std::string, std::string, std::less<>> records;
  int reads = 0;
};

/// The same records as a scan reads them, and what it remembers.
class MapScanStore final : public ScanStore {
 public:
  explicit MapScanStore(const MapStore& store) : store_{store} {}
  void each_from(std::string_view from, std::string_view prefix,
                 const std::function<bool(std::string_view, std::string_view)>& visit) override {
    for (auto it = store_.records.lower_bound(std::max(from, prefix));
         it != store_.records.end() && it->first.starts_with(prefix); ++it) {
      if (!visit(it->first, it->second)) {
        break;
      }
    }
  }
  std::map<std::string, std::string> notes() override { return kept; }
  void write_notes(const std::vector<std::pair<std::string, std::string>>& notes) override {
    for (const auto& [name, text] : notes) {
      kept.insert_or_assign(name, text);
    }
  }

  std::map<std::string, std::string> kept;

 private:
  const MapStore& store_;
};

class ListOutput final : public DedupeOutput {
 public:
  bool record(std::string_view key, std::string_view json) override {
    if (json.size() > limit) {
      return false;
    }
    records.emplace_back(key, json);
    return true;
  }
  void claim(std::string_view key, const UrlClaim& claim, bool needs_answer) override {
    std::string name;
    append_claim_key(name, claim.url_hash, key);
    std::string value;
    append_claim(value, claim.created_on, needs_answer);
    claims.emplace_back(std::move(name), std::move(value));
  }
  void release(std::string_view key, std::string_view url_hash) override {
    std::string name;
    append_claim_key(name, url_hash, key);
    claims.emplace_back(std::move(name), std::nullopt);
  }
  void dead_letter(const Error& error) override { letters.push_back(error); }
  void dropped(std::string_view key, std::string_view reason) override {
    drops.emplace_back(key, reason);
  }
  void put_aside(std::string_view key, std::string_view bytes, const Error& error) override {
    asides.push_back({std::string{key}, std::string{bytes}, error});
  }

  std::vector<std::pair<std::string, std::string>> records;
  std::vector<std::pair<std::string, std::optional<std::string>>> claims;  ///< no value: a release
  std::vector<Error> letters;
  std::vector<std::pair<std::string, std::string>> drops;  ///< key and reason
  struct Aside {
    std::string key;
    std::string bytes;
    Error error;
  };
  std::vector<Aside> asides;  ///< catalogue records that could not be read
  std::size_t limit = kCatalogMaxBytes;
};

/// One partition with both its changelogs, and the ways in which a process can fail over it.
class OnePartition {
 public:
  explicit OnePartition(std::int32_t partition = 0, std::int32_t partitions = 1)
      : dedupe{std::make_unique<Dedupe>(partition, partitions, store)},
        partition_{partition},
        partitions_{partitions} {
    count_metrics();
  }

  void begin(UtcTime now) {
    out.records.clear();
    out.claims.clear();
    dedupe->begin(now);
  }

  void apply(std::string_view key, std::string_view value,
             UtcTime appended = {4'000'000'000'000'000}, std::uint32_t rules_version = 1) {
    dedupe->apply({key, value, schema_header::kRaw, appended}, tools(rules_version), out);
  }

  void decide(std::string_view key, std::string_view value) {
    dedupe->apply_decision({key, value, schema_header::kDecision, {}}, tools(1), out);
  }
  void decide(const Decision& decision) {
    decide(make_decision_key(decision.work_key, decision.kind), encode_decision(decision));
  }

  /// A decision's key without a value.
  void clear_decision(std::string_view key) {
    dedupe->apply_decision({key, std::nullopt, schema_header::kDecision, {}}, tools(1), out);
  }

  void rule(std::string_view key, std::string_view value) {
    dedupe->apply_verdict({key, value, schema_header::kUrlVerdict, {}}, tools(1), out);
  }

  Dedupe::Tools tools(std::uint32_t rules_version) {
    return {[](std::string_view work, Arena& arena, Cleaned) -> CleanResult {
              auto parsed = parse_work(copy_to(arena, work), arena);
              if (!parsed) {
                return parsed.error();
              }
              return std::move(*parsed);
            },
            reader,
            rules,
            std::chrono::days{20},
            rules_version,
            estimates};
  }

  /// A slice of so many works, within the batch.
  Scan::Slice scan_some(int works) {
    const Dedupe::Tools with = tools(1);
    ScanBatch batch{*dedupe, with, out};
    return scan.run([&, left = works]() mutable { return --left > 0; }, batch);
  }

  void commit() {
    for (const auto& [key, packed] : dedupe->pending().packed()) {
      ASSERT_TRUE(RecordCodec::unpack(packed, store.records[std::string{key}]));
    }
    for (auto& record : out.records) {
      catalogue.push_back(std::move(record));
    }
    for (auto& [name, sums] : dedupe->totals()) {
      totals[name] = sums;
    }
    seen += dedupe->seen_entries();
    for (auto& claim : out.claims) {
      claims.push_back(std::move(claim));
    }
    dedupe->commit();
    scan.commit();
    out.records.clear();
    out.claims.clear();
  }

  void abort() {
    dedupe->rollback();
    scan.rollback();
    out.records.clear();
    out.claims.clear();
  }

  /// A fresh process with an empty disk: the newest record per key, then the seen entries.
  void restore() {
    store.records.clear();
    for (const auto& [key, json] : catalogue) {
      store.records.insert_or_assign(key, json);
    }
    restart();
    read_seen_again();
  }

  /// A process whose disk holds the records but whose table is lost, as far behind its changelogs
  /// as it can be: every version of every record is read again, then the seen entries.
  void restore_over_old_disk() {
    restart();
    for (const auto& [key, json] : catalogue) {
      const auto kept = dedupe->restore_record(key, json);
      ASSERT_TRUE(kept);
      store.records.insert_or_assign(key, std::string{*kept});
    }
    read_seen_again();
  }

  /// The limit of the table, now and after a restart.
  void limit_table(std::size_t bytes) {
    table_bytes_ = bytes;
    dedupe->table().limit(bytes);
  }

  /// When a work was last seen: by the table or, past its limit, by its record.
  UtcTime newest_of(std::string_view key) {
    if (const auto entry = dedupe->table().find(xxh3(key))) {
      return entry->newest;
    }
    EXPECT_FALSE(dedupe->table().is_complete());
    return read_record_head(store.records.find(key)->second)->newest->fetched_at;
  }

  void count_metrics() {
    dedupe->count_metrics(rules, [&](std::string_view prefix, const Dedupe::Visit& visit) {
      for (const auto& [key, json] : store.records) {
        if (key.starts_with(prefix)) {
          visit(key, json);
        }
      }
      return true;
    });
  }

  DedupeRules rules = shipped_dedupe_rules();
  MapStore store;
  MapScanStore scan_store{store};
  Scan scan{scan_store};
  ListOutput out;
  RawReader reader;
  PopularityEstimates* estimates = nullptr;  ///< of its loop
  std::unique_ptr<Dedupe> dedupe;
  std::vector<std::pair<std::string, std::string>> catalogue;
  std::vector<std::pair<std::string, std::optional<std::string>>> claims;  ///< committed
  std::string seen;
  std::map<std::string, std::string> totals;  ///< by kind:provider, as on the topic

 private:
  void restart() {
    dedupe = std::make_unique<Dedupe>(partition_, partitions_, store);
    dedupe->table().limit(table_bytes_);
    for (const auto& [key, json] : store.records) {
      ASSERT_TRUE(dedupe->restore_record(key, json));
    }
  }

  void read_seen_again() {
    each_seen_entry(seen, [&](const SeenEntry& entry) {
      dedupe->restore_seen(entry.key_hash, entry.fingerprint, entry.fetched_at);
    });
    const bool is_settled = dedupe->settle_seen(
        [&](std::string_view, const Dedupe::Visit& visit) {
          for (const auto& [key, json] : store.records) {
            visit(key, json);
          }
          return true;
        },
        [&](std::string_view key, std::string_view json) {
          store.records.insert_or_assign(std::string{key}, std::string{json});
        });
    EXPECT_TRUE(is_settled);
    for (const auto& [name, sums] : totals) {
      dedupe->restore_totals(name, *parse_totals(sums));
    }
    count_metrics();
  }

  std::size_t table_bytes_ = 0;
  std::int32_t partition_;
  std::int32_t partitions_;
};

inline std::string sighting_json(std::int64_t micros, std::string_view work) {
  return write_raw_record({.fetched_at = UtcTime{micros}, .run_id = "r", .body = work});
}

inline std::string removal_json(std::int64_t micros) {
  return write_raw_record({.kind = RawRecord::Kind::removed,
                           .fetched_at = UtcTime{micros},
                           .run_id = "r",
                           .body = R"({"reason":"gone"})"});
}

}  // namespace freshet
