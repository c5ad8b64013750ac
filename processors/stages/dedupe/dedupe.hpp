#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/record/envelope.hpp"
#include "core/result.hpp"
#include "core/totals.hpp"
#include "processors/clean/cleaner.hpp"
#include "processors/record/record_head.hpp"
#include "processors/stages/dedupe/batch_counts.hpp"
#include "processors/stages/dedupe/pending_records.hpp"
#include "processors/stages/dedupe/update.hpp"
#include "processors/state/hot_table.hpp"
#include "processors/state/record_store.hpp"
#include "processors/sums/partition_sums.hpp"

namespace freshet {

/// A record as dedupe takes it from a topic; views live as long as the call.
struct RawMessage {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::optional<std::string_view> schema;  ///< header `schema`
  UtcTime appended;                        ///< the broker's append time
};

/// Where dedupe sends what it makes of a record, within the transaction of the batch.
class DedupeOutput {
 public:
  DedupeOutput() = default;
  DedupeOutput(const DedupeOutput&) = delete;
  DedupeOutput& operator=(const DedupeOutput&) = delete;
  virtual ~DedupeOutput() = default;
  /// A catalogue record. @return false when it is too large for its topic: nothing was sent.
  virtual bool record(std::string_view key, std::string_view json) = 0;
  /// The work's claim on its URL, new or made again.
  virtual void claim(std::string_view key, const UrlClaim& claim, bool needs_answer) = 0;
  /// The work no longer claims this URL.
  virtual void release(std::string_view key, std::string_view url_hash) = 0;
  /// The message being applied cannot be used.
  virtual void dead_letter(const Error& error) = 0;
  /// The message being applied goes no further, for this counted reason. For those who watch.
  virtual void dropped(std::string_view /*key*/, std::string_view /*reason*/) {}
  /// A catalogue record cannot be read, and is replaced by one that `record` was just given.
  /// @param bytes  all of it, as the state has it.
  virtual void put_aside(std::string_view key, std::string_view bytes, const Error& error) = 0;
};

/// The chain fingerprint → clean → merge over one partition, with its state.
///
/// Within a batch later records see what earlier ones did. What a batch did to the table is undone
/// by `rollback`; what it did to records exists only here until `commit` hands it to the store's
/// owner. An instance belongs to one loop at a time.
class Dedupe {
 public:
  /// Kind of the sums over all records; `PartitionSums` has kinds of its own.
  static constexpr std::string_view kSumsKind = totals_kind::kProcess;

  struct Tools {
    std::function<CleanResult(std::string_view work, Arena& arena, Cleaned what)> clean;
    RawReader& reader;
    const DedupeRules& rules;
    std::chrono::microseconds touch_after;
    std::uint32_t rules_version = kRulesVersion;  ///< of `clean`
    PopularityEstimates* estimates = nullptr;     ///< of the loop; null: there are none
  };

  Dedupe(std::int32_t partition, std::int32_t partitions, RecordStore& store);

  /// Restore: a record of the catalogue topic, or of the store itself. It is looked at no further
  /// than it takes; one that cannot be read is kept as it is, until an event makes the work anew.
  /// @return the record as the store is to hold it: `json`, or, for a work past the limit of the
  ///         table, with the later time that the store had. Valid until the next call.
  /// @error Errc::wrong_key, too_large: no record that a work can have; it was ignored.
  Result<std::string_view> restore_record(std::string_view key, std::string_view json);
  /// Restore: raises a work by a seen entry, if it still has the content that was seen. Entries of
  /// works past the limit of the table are kept until `settle_seen`.
  void restore_seen(std::uint64_t key_hash, std::uint64_t fingerprint, UtcTime fetched_at);
  std::size_t unsettled_seen() const { return unsettled_seen_.size(); }
  /// Restore: sums as last written. @param name  as `totals` gives it. Other steps' are ignored.
  void restore_totals(std::string_view name, const Totals& totals);
  /// Visits the records whose keys begin so; ends when the visitor says false, and then is false.
  using Visit = std::function<bool(std::string_view key, std::string_view json)>;
  using EachRecord = std::function<bool(std::string_view prefix, const Visit& visit)>;
  /// Restore: calls write(key, json) for the records past the limit that the entries raise.
  /// @return false when `each` ended early: it is to be called again.
  bool settle_seen(const EachRecord& each,
                   const std::function<void(std::string_view, std::string_view)>& write);
  /// After the restore: counts the works of providers whose metric was never counted, or is another
  /// now. @return false when `each` ended early: it is to be called again before any batch.
  bool count_metrics(const DedupeRules& rules, const EachRecord& each);

  void begin(UtcTime batch_time);
  void apply(const RawMessage& message, const Tools& tools, DedupeOutput& output);
  /// The same for a record of `media.decisions.v1`.
  void apply_decision(const RawMessage& message, const Tools& tools, DedupeOutput& output);

  /// The same for a record of `media.url-verdicts.v1`.
  void apply_verdict(const RawMessage& message, const Tools& tools, DedupeOutput& output);

  /// Applies the rules of `tools` to a work that nothing else happened to, for a background scan.
  /// @param stored  its record as committed; the batch may hold a newer one.
  /// @return whether a record was written: not where nothing but the policy's version would change.
  bool review(std::string_view key, std::string_view stored, const Tools& tools,
              DedupeOutput& output);

  /// Records of the batch as they stand at its end, by key.
  const PendingRecords& pending() const { return pending_; }
  /// Packed seen entries of the batch.
  const std::string& seen_entries() const { return seen_entries_; }
  /// Sums that the batch changed, including it: `kind:provider`, and the value on the topic.
  std::vector<std::pair<std::string, std::string>> totals() const;
  const std::map<std::string, BatchCounts, std::less<>>& counted() const { return batch_counts_; }

  /// The batch was committed, and the store has its records.
  void commit();
  /// The batch never happened.
  void rollback();

  const HotTable& table() const { return table_; }
  HotTable& table() { return table_; }
  /// Everything counted and committed so far.
  const std::map<std::string, Totals, std::less<>>& committed_totals() const { return totals_; }
  const PartitionSums& sums() const { return sums_; }

  /// Whether a work is one that its source has, as far as it is known, and when it was last seen.
  struct Presence {
    bool is_known = false;  ///< sighted, and not removed at source; blocked works may be
    UtcTime seen_at;
  };
  /// @param stored  the work's record as committed; the batch may hold a newer one.
  Presence presence(std::string_view key, std::string_view stored, const DedupeRules& rules);
  /// In the batch: what a scan found of a run, see `PartitionSums::uncounted_runs`.
  void run_counted(std::string_view scope, UtcTime started_at, std::int64_t known,
                   std::int64_t missing);

 private:
  /// What could not be read of the record at hand.
  struct Damage {
    Error error;
    bool has_status = true;
    std::string_view found_work{};
  };

  void start_event();
  void apply_read(const RawMessage& message, const Result<RawRecord>& raw, const Tools& tools,
                  DedupeOutput& output);
  void sighting(const RawMessage& message, const RawRecord& raw, const Tools& tools,
                DedupeOutput& output);
  bool repeat(std::string_view key, std::uint64_t hash, const HotEntry& entry, UtcTime at,
              const Tools& tools, DedupeOutput& output);
  void removal(std::string_view key, const RawRecord& raw, const Tools& tools,
               DedupeOutput& output);
  void run_finished(std::string_view key, const RawRecord& raw, DedupeOutput& output);
  std::optional<HotEntry> find_entry(std::string_view key, std::uint64_t hash);
  std::optional<std::string_view> find_json(std::string_view key);
  std::string_view as_batch_has_it(std::string_view key, std::string_view stored);
  std::optional<RecordHead> head_of(std::string_view key, std::string_view json);
  std::optional<CatalogRecord> find_record(std::string_view key, bool may_exist);
  std::optional<Error> lost_block() const;
  bool finish(std::string_view key, std::uint64_t hash, const Update& update, bool control,
              DedupeOutput& output);
  std::optional<UtcTime> newest_seen(const std::optional<HotEntry>& entry,
                                     const std::optional<CatalogRecord>& previous) const;
  void keep(std::string_view key, std::uint64_t hash, const Update& update, BatchCounts& sums,
            DedupeOutput& output);
  BatchCounts& sums_of_known(std::string_view provider);
  void refuse(std::optional<std::string_view> key, const Error& error, DedupeOutput& output);
  std::string_view cleaned_anew(const CatalogRecord& record, const Tools& tools,
                                std::pmr::vector<LeftOut>& left_out);
  bool set_entry(std::uint64_t hash, const HotEntry& entry);
  void note_seen(std::string_view key, std::uint64_t hash, const HotEntry& entry);
  BatchCounts& counts(std::string_view provider);
  BatchCounts& sums_of(std::string_view provider);
  void note_metric(std::string_view scope, const Update& update);
  UpdateContext context(const Tools& tools);

  std::int32_t partition_;
  std::int32_t partitions_;
  RecordStore& store_;
  HotTable table_;
  HotTable unsettled_seen_;  ///< of a restore, by hash and fingerprint
  std::map<std::string, Totals, std::less<>> totals_;
  PartitionSums sums_;

  // Of the batch.
  UtcTime batch_time_;
  PendingRecords pending_;
  std::vector<std::pair<std::uint64_t, std::optional<HotEntry>>> undo_;
  std::string seen_entries_;
  std::map<std::string, BatchCounts, std::less<>> batch_counts_;
  std::pair<const std::string, BatchCounts>* last_counts_ = nullptr;  // neighbours share a provider

  UtcTime message_time_;          ///< of the message at hand: when it was fetched, if it says so
  std::optional<Damage> damage_;  ///< of the record that the event at hand found
  PopularityEstimates* estimates_ = nullptr;  ///< lent with the event at hand
  bool has_lost_block_ = false;               ///< that record is blocked, and does not say by what
  std::string_view found_json_;               ///< that record

  // Of one record; kept for its memory.
  std::vector<std::byte> scratch_;
  std::pmr::monotonic_buffer_resource record_arena_;
  std::string pending_json_;
  std::string stored_;
  std::string stored_key_;  ///< whose record `stored_` is, as long as the store does not change
  std::string json_;
};

}  // namespace freshet
