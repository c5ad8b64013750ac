#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "processors/stage.hpp"
#include "processors/stages/urls/urls.hpp"

namespace freshet {

/// Stage `urls`: `Urls` over one partition of the claims, and these on disk. Their topic is input
/// and changelog in one: what an earlier owner took of it is read silently, the rest is taken.
class UrlsStage final : public Stage {
 public:
  static constexpr std::array kInputs{Input::claims};
  static constexpr std::array kChangelogs{
      Changelog{.topic = topics::kUrlClaims, .until = Changelog::Until::taken}};
  static bool claims_sums(std::string_view kind) { return kind == Urls::kSumsKind; }
  static std::unique_ptr<Stage> make(const StagePlace& place);

  explicit UrlsStage(const StagePlace& place);

  void begin(const StageBatch& batch) override;
  void apply(const StageRecord& record, StageOutput& output) override;
  void finish(StageOutput& output) override;
  void append_totals(EncodedSums& sums) const override;
  void store(const CommittedBatch& batch) override;
  void commit() override;
  void rollback() override;

  bool load(const KeepAlive&) override { return true; }  // it keeps nothing in memory
  void forget() override;
  std::int64_t position(std::size_t) const override { return next_.next(); }
  std::optional<std::int64_t> newest_read_ms(std::size_t) const override { return std::nullopt; }
  void restore_totals(std::string_view name, const Totals& totals) override;
  void begin_changelog(std::size_t changelog, const ChangelogBounds& bounds) override;
  void restore(std::size_t changelog, const TopicRecord& record) override;
  void write_restored() override;
  void end_changelog(std::size_t changelog, const ChangelogBounds& bounds) override;
  bool end_restore(const KeepAlive& keep_alive) override;
  void save() override;

 private:
  class Output;

  void write();

  const PartitionCounts counts_;
  const std::string verdicts_topic_;
  const kafka::Headers verdict_headers_;
  std::unique_ptr<PartitionClaims> store_;
  Urls urls_;
  ChangelogPosition next_;  ///< of the topic of claims
  bool has_restored_ = false;
  LoopTools* tools_ = nullptr;  ///< of the batch
  std::string key_;             ///< of a verdict; kept for its memory, like the next
  std::string value_;
};

}  // namespace freshet
