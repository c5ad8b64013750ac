#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/message.hpp"
#include "core/kafka/types.hpp"
#include "core/metrics.hpp"
#include "core/policy.hpp"
#include "core/result.hpp"

namespace freshet::kafka {

/// A message of `media.policy.v1`; views into it.
PolicyMessage policy_message(const Message& message);

/// Follows `media.policy.v1` on a thread and a consumer of its own, without a group: every process
/// reads all of it. What it publishes is immutable, so that others take it without waiting.
///
/// @thread_safety  All of it.
class PolicyReader {
 public:
  struct State {
    std::shared_ptr<const Policy> policy;
    /// Messages that are newest of their key and do not say what is in force, by offset.
    std::vector<PolicyFault> faults;
  };

  /// Does not wait for the broker, nor for the topic.
  /// @param role  label of its metrics: `process.catalogue`.
  PolicyReader(const Config::Kafka& config, const std::string& role, Metrics& metrics);
  ~PolicyReader();
  PolicyReader(const PolicyReader&) = delete;
  PolicyReader& operator=(const PolicyReader&) = delete;

  /// The newest; nothing until the topic was read to its end for the first time.
  std::shared_ptr<const State> state() const;
  /// Waits until all that was on the topic when this was called is in `state`.
  /// @param keep_waiting  asked every 50 ms or so; false gives up.
  /// @return false when it gave up.
  bool catch_up(const std::function<bool()>& keep_waiting);

 private:
  void run(const std::stop_token& stop);
  void publish(bool is_changed);
  void answer(Consumer& consumer, const TopicPartition& at);

  const Config::Kafka& config_;
  const TopicPartition at_;
  Gauge& version_;
  Counter& unusable_;

  // Of the thread.
  PolicyLog log_;
  std::int64_t told_offset_ = -1;  ///< of faults that the log has told

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const State> state_;
  std::uint64_t asked_ = 0;     ///< calls of `catch_up`
  std::uint64_t answered_ = 0;  ///< of these, those that need wait no longer

  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace freshet::kafka
