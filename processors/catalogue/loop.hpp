#pragma once

#include <atomic>
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
#include "processors/catalogue/batch.hpp"
#include "processors/catalogue/counters.hpp"
#include "processors/catalogue/inputs.hpp"
#include "processors/catalogue/partitions.hpp"

namespace freshet {

/// What the other threads may know of a loop.
struct LoopStatus {
  std::atomic<bool> assigned{false};  ///< the group has said what the loop has, and it is restored
  /// Nothing is left to do in its partitions, and nothing has come since then; 0: busy.
  /// Milliseconds of the steady clock.
  std::atomic<std::int64_t> idle_since_ms{0};
};

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
class CatalogueLoop {
 public:
  CatalogueLoop(const Config& config, const Inputs& inputs, int number, PartitionStates& states,
                PolicyRules& policy, Metrics& metrics, LoopStatus& status);

  /// Returns when it is told to stop: the batch at hand is committed first.
  /// @error WorkFailed: fenced, an unknown outcome, or a broker that refuses for good. Only the log
  ///        of the topic knows then what happened, and a restart reads it.
  void run(std::stop_token stop);

 private:
  void connect();
  void disconnect();
  void on_assigned(const std::vector<kafka::TopicPartition>& partitions);
  void on_revoked();
  void restore_assigned(const std::stop_token& stop);
  void run_batch(const std::stop_token& stop);
  bool take(const kafka::Polled& polled);
  void begin();
  void scan();
  void commit();
  void abandon();
  void save_next_table();
  void release_held_back();
  void update_idle(const kafka::Polled& polled);
  bool poll_failed(const Error& error) const;

  const Config& config_;
  const Inputs& inputs_;
  const std::string name_;
  PartitionStates& states_;
  PolicyRules& policy_;
  LoopStatus& status_;
  LoopCounters counters_;

  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::Consumer> consumer_;
  OwnedPartitions partitions_;
  Batch batch_;
  bool in_transaction_ = false;
  std::chrono::steady_clock::time_point began_;  ///< the transaction
  bool must_reconnect_ = false;
  bool is_fenced_ = false;  ///< another process works under this name: no coming back

  std::optional<std::vector<std::int32_t>> to_restore_;  ///< told by the group, not yet taken up
  std::string assignment_fault_;  ///< why the assignment cannot be worked with
  std::uint64_t assignment_ = 0;  ///< counts what the group told, to see that it told something
  std::map<kafka::TopicPartition, bool> at_end_;
  /// What is to be read once all unread decisions are applied; empty: it is assigned.
  std::vector<kafka::TopicPartitionOffset> held_back_;
  std::chrono::steady_clock::time_point last_save_ = std::chrono::steady_clock::now();
  std::size_t taken_since_save_ = 0;  ///< records
  std::int32_t last_saved_ = -1;
};

}  // namespace freshet
