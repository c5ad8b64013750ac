#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/producer.hpp"
#include "core/metrics.hpp"
#include "core/time.hpp"
#include "core/work_rate.hpp"
#include "processors/catalogue/assignment.hpp"
#include "processors/catalogue/batch.hpp"
#include "processors/catalogue/counters.hpp"
#include "processors/catalogue/inputs.hpp"
#include "processors/catalogue/pace.hpp"
#include "processors/catalogue/partitions.hpp"
#include "processors/catalogue/readiness.hpp"

namespace freshet {

/// One consumer loop of `process catalogue`: takes the records of all inputs from its partitions,
/// applies them, and commits what they make and the offsets in one transaction per batch. What was
/// decided while nobody read is applied before the first sighting.
///
/// ```
///   begin ─► poll, apply, produce … until the interval or a bound is over ─► offsets ─► commit
///     ▲                                                                                  │
///     └──────────────── state: records to disk in one write, table kept ◄────────────────┘
/// ```
/// State on disk changes after the commit only. An abort, and a revoke in the middle of a batch,
/// undo what the batch did to the table, as if it had never been; the records are read again by
/// whoever has the partition then.
///
/// What is to be done next, `Assignment` and `Pace` decide; the loop does it.
class CatalogueLoop {
 public:
  /// @param number                 of the loop in this process.
  /// @param background_per_second  see `Pace`; this loop's share of it.
  CatalogueLoop(const Config& config, const Inputs& inputs, int number,
                double background_per_second, PartitionStates& states, PolicyRules& policy,
                EstimatePool& estimates, Metrics& metrics, LoopStatus& status);

  /// Returns when it is told to stop: the batch at hand is committed first.
  /// @error WorkFailed: fenced, an unknown outcome, or a broker that refuses for good. Only the log
  ///        of the topic knows then what happened, and a restart reads it.
  void run(std::stop_token stop);

 private:
  bool connect(const std::stop_token& stop);
  void disconnect();
  void on_assigned(const std::vector<kafka::TopicPartition>& partitions);
  void on_revoked();
  void do_next(const std::stop_token& stop);
  void restore_assigned(const std::stop_token& stop);
  void run_batch(const std::stop_token& stop);
  bool take(const kafka::Polled& polled);
  bool begin();
  bool begin_transaction();
  void scan();
  void commit();
  void abandon();
  void save_next_table();
  void release_held_back();
  void assign(const std::vector<kafka::TopicPartitionOffset>& from);
  void update_idle(const kafka::Polled& polled);
  void poll_failed(const Error& error);
  void consumer_fenced(const Error& error);

  const Config& config_;
  const Inputs& inputs_;
  const std::string name_;
  PartitionStates& states_;
  PolicyRules& policy_;
  LoopStatus& status_;
  const SystemClock clock_;
  LoopCounters counters_;
  LoopTools tools_;

  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::Consumer> consumer_;
  OwnedPartitions partitions_;
  Batch batch_;
  Assignment assignment_;
  Pace pace_;
  WorkRate rate_{std::chrono::steady_clock::now()};
  std::int32_t last_saved_ = -1;
};

}  // namespace freshet
