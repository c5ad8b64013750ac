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
#include "processors/catalogue/counters.hpp"
#include "processors/catalogue/inputs.hpp"
#include "processors/catalogue/output.hpp"
#include "processors/catalogue/partitions.hpp"
#include "processors/catalogue/policy_rules.hpp"
#include "processors/stages/clean.hpp"

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
        OwnedPartitions& partitions, LoopCounters& counters);

  /// Whether there is something to do that no record of an input asks for: works to be scanned, or
  /// a message of policy to be put aside.
  bool has_background_work();

  void begin(kafka::Producer& producer, UtcTime time);
  /// Hands each record to the stage that its topic is for.
  /// @error what was made of them could not be sent: the batch cannot be committed any more.
  Result<void> take(const kafka::Polled& polled);
  /// Commits these offsets, from which nothing was taken.
  void stay_at(const std::vector<kafka::TopicPartitionOffset>& positions);
  /// Scans works for as long, partition by partition in turn.
  void scan(std::chrono::microseconds time);
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
    Input input = Input::raw;
    PartitionState* partition = nullptr;
    Touched* touched = nullptr;
    kafka::Offset* next = nullptr;
  };
  void set_route(Route& route, const kafka::Message& message);
  Touched& touch(PartitionState& partition);
  void take_rules();
  void mend_policy();
  void apply(const Route& route, const kafka::Message& message);
  void store(PartitionState& partition, const Touched& touched, std::int64_t now_ms);
  void clear();

  const Config& config_;
  const Inputs& inputs_;
  OwnedPartitions& partitions_;
  LoopCounters& counters_;
  Cleaner cleaner_;
  RawReader reader_;
  PolicyRules& policy_;
  std::shared_ptr<const RuleSet> rules_;  ///< of this batch
  std::optional<Dedupe::Tools> tools_;    ///< with these rules
  BatchOutput output_;
  UtcTime time_;
  std::map<std::int32_t, Touched> touched_;
  std::map<kafka::TopicPartition, kafka::Offset> next_offsets_;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
  Scan::Slice scanned_;
  std::chrono::steady_clock::duration scan_time_{};
  std::int32_t last_scanned_ = -1;
  std::int64_t mended_ = -1;        ///< offset up to which messages of policy were put aside
  std::int64_t batch_mended_ = -1;  ///< the same, with this batch
};

}  // namespace freshet
