#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/message.hpp"
#include "core/kafka/types.hpp"
#include "core/metrics.hpp"
#include "core/policy_log.hpp"
#include "core/result.hpp"

namespace freshet::kafka {

/// A message of `media.policy.v1`, as views into the consumed one.
PolicyMessage policy_message(const Message& message);

/// Follows `media.policy.v1` on a thread and a consumer of its own, without a group: every process
/// reads all of it. What it publishes is immutable, so others take it without waiting. When it
/// cannot read, it says so in the log, and tries again after pauses that grow; `fault` tells why.
///
/// @thread_safety  All of it.
class PolicyReader {
 public:
  struct State {
    std::shared_ptr<const Policy> policy;
    /// Messages that are the newest of their key and are not what is in force, by offset.
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
  /// Waits until `state` has everything that was on the topic when this was called.
  /// @param keep_waiting  asked every 50 ms or so; false gives up.
  /// @return false when it gave up.
  /// @error  WorkFailed: the topic cannot be read, tried several times. A broker that is away is
  ///         waited for, and so is a topic that is not there yet.
  bool catch_up(const std::function<bool()>& keep_waiting);
  /// Why the topic cannot be read; nothing while it can.
  std::optional<std::string> fault() const;

 private:
  void run(const std::stop_token& stop);
  void follow(const std::stop_token& stop);
  void note_fault(const std::string& why);
  void note_success();
  void publish(bool is_changed);
  void answer(Consumer& consumer, const TopicPartition& at);

  const Config::Kafka& config_;
  const TopicPartition at_;
  Gauge& version_;
  Counter& unusable_;

  // Of the thread.
  PolicyLog log_;
  std::int64_t told_offset_ = -1;  ///< of the last fault that was logged

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const State> state_;
  std::uint64_t asked_ = 0;     ///< calls of `catch_up`
  std::uint64_t answered_ = 0;  ///< of these, the calls that need not wait any more
  std::string fault_;           ///< of the last attempt to read
  int attempts_in_vain_ = 0;

  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace freshet::kafka
