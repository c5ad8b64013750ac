#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/message.hpp"
#include "core/kafka/producer.hpp"
#include "core/time.hpp"
#include "processors/catalogue/counters.hpp"
#include "processors/catalogue/inputs.hpp"
#include "processors/catalogue/partitions.hpp"
#include "processors/stage.hpp"
#include "processors/stage_output.hpp"
#include "processors/stages/loop_tools.hpp"
#include "processors/stages/policy_rules.hpp"

namespace freshet {

/// The partitions that a loop owns, by number.
using OwnedPartitions = std::map<std::int32_t, std::unique_ptr<PartitionState>>;

/// What one transaction takes from the inputs and makes of it. The loop begins and ends the
/// transaction; the batch knows what is in it.
///
/// ```
///   begin ─► take … ─► finish ─► [commit] ─► store, count     or     rollback
/// ```
class Batch {
 public:
  Batch(const Config& config, const Inputs& inputs, PolicyRules& policy,
        OwnedPartitions& partitions, LoopTools& tools, LoopCounters& counters, const Clock& clock);

  /// Whether there is something to do that no record of an input asks for: background work of a
  /// stage, or a message of policy to be put aside.
  bool has_background_work();

  void begin(kafka::Producer& producer, UtcTime time);
  /// Hands each record to the stage that its topic is for.
  /// @error what was made of them could not be sent: the batch cannot be committed any more.
  Result<void> take(const kafka::Polled& polled);
  /// Commits these offsets, from which nothing was taken.
  void commit_only(const std::vector<kafka::TopicPartitionOffset>& positions);
  /// Does background work for as long, partition by partition in turn.
  /// @param most_written  records that it may write; 0: it does none.
  /// @return records written.
  std::int64_t scan(std::chrono::microseconds time, std::int64_t most_written);
  /// Sends what is sent once per batch. @error as `take`.
  Result<void> finish();
  /// The next offsets of all that was taken.
  std::vector<kafka::TopicPartitionOffset> offsets() const;

  /// It was committed: brings the state of the stages and what is on disk there.
  void store();
  /// Adds it to the metrics, and forgets it.
  void count();
  /// It never happened.
  void rollback();

  /// Nothing was taken from the inputs.
  bool is_idle() const { return records_ == 0; }
  /// What is in flight stays small, and so do commits.
  bool is_full() const;

 private:
  // Where records of one partition of one input go; neighbours share it.
  struct Route {
    const char* topic = nullptr;  ///< by its place in memory: one per topic and handle
    std::int32_t number = -1;
    Input input = Input::raw;
    Stage* stage = nullptr;
    std::optional<kafka::Offset>* next = nullptr;
  };
  void set_route(Route& route, const kafka::Message& message);
  /// Takes a partition into the batch, if it is not in it.
  void touch(PartitionState& partition);
  void take_rules();
  void rewrite_faulty_policy();
  void send_totals(std::int32_t number, const EncodedSums& totals);
  void clear();

  const Config& config_;
  const Inputs& inputs_;
  OwnedPartitions& partitions_;
  LoopTools& tools_;
  LoopCounters& counters_;
  const Clock& clock_;
  PolicyRules& policy_;
  std::shared_ptr<const RuleSet> rules_;  ///< of this batch
  StageOutput output_;
  const std::string totals_topic_;
  const kafka::Headers totals_headers_;
  UtcTime time_;
  std::map<std::int32_t, EncodedSums> touched_;  ///< partitions of the batch, with their sums
  std::map<std::int32_t, NextOffsets> next_offsets_;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
  BackgroundWork::Slice scanned_;
  std::chrono::steady_clock::duration scan_time_{};
  std::int32_t last_scanned_ = -1;
  std::int64_t rewritten_ = -1;        ///< offset up to which messages of policy were put aside
  std::int64_t batch_rewritten_ = -1;  ///< the same, with this batch
};

}  // namespace freshet
