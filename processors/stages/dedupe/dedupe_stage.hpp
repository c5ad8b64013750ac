#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "processors/stage.hpp"
#include "processors/stages/dedupe/catalog_output.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/stages/dedupe/scan.hpp"

namespace freshet {

/// Stage `dedupe`: `Dedupe` over one partition of the works, with the scans behind it, as the loop
/// drives it. Records, sums and positions are the partition's `StoredPartition`.
class DedupeStage final : public Stage, public BackgroundWork {
 public:
  static constexpr std::array kInputs{Input::raw, Input::decisions, Input::verdicts};
  /// Seen entries come last: an entry raises a record that must be there.
  static constexpr std::array kChangelogs{
      Changelog{.topic = topics::kCatalog},
      Changelog{.topic = topics::kSeen, .turn = Changelog::Turn::last},
  };
  static bool claims_sums(std::string_view kind);
  static std::unique_ptr<Stage> make(const StagePlace& place);

  explicit DedupeStage(const StagePlace& place);

  void begin(const StageBatch& batch) override;
  void apply(const StageRecord& record, StageOutput& output) override;
  void finish(StageOutput& output) override;
  void append_totals(EncodedSums& sums) const override;
  void store(const CommittedBatch& batch) override;
  void commit() override;
  void rollback() override;
  BackgroundWork* background() override { return this; }
  void add_sizes(StageSizes& sizes) const override;

  void look_for_work(const std::shared_ptr<const RuleSet>& rules) override;
  bool has_work() const override { return scan_.has_work(); }
  Slice work(const std::function<bool()>& has_time, std::int64_t most_written,
             StageOutput& output) override;

  bool load(const KeepAlive& keep_alive) override;
  void forget() override;
  std::int64_t position(std::size_t changelog) const override;
  std::optional<std::int64_t> newest_read_ms(std::size_t changelog) const override;
  void restore_totals(std::string_view name, const Totals& totals) override;
  void begin_changelog(std::size_t, const ChangelogBounds&) override {}
  void restore(std::size_t changelog, const TopicRecord& record) override;
  void write_restored() override;
  bool settle_restored(const KeepAlive& keep_alive) override;
  void end_changelog(std::size_t changelog, const ChangelogBounds& bounds) override;
  bool end_restore(const KeepAlive& keep_alive) override;
  void save() override;

 private:
  void restore_record(const TopicRecord& record);
  void restore_seen(const TopicRecord& record);
  void check_version(const TopicRecord& record) const;
  bool each_record(const KeepAlive& keep_alive, std::string_view prefix,
                   const Dedupe::Visit& visit);
  bool settle_seen(const KeepAlive& keep_alive);

  const std::int32_t number_;
  const std::chrono::microseconds touch_after_;
  StoredPartition& stored_;
  CatalogTopics topics_;
  Dedupe dedupe_;
  Scan scan_;
  std::shared_ptr<const RuleSet> scanned_for_;  ///< the rules whose scans were asked for

  // Of the batch.
  StageBatch batch_;
  std::optional<Dedupe::Tools> tools_;
  std::int64_t records_sent_ = 0;

  // Of a restore, until they are written.
  std::vector<std::pair<std::string_view, std::string_view>> restored_;
  std::deque<std::string> raised_;  ///< records that are not as on the topic
};

}  // namespace freshet
