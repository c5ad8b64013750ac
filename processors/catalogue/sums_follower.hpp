#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/policy_reader.hpp"
#include "core/metrics.hpp"
#include "processors/sums/aggregate.hpp"

namespace freshet {

/// Adds the sums of all partitions and answers in policy, on a thread, a consumer and a producer of
/// its own. It works in the process that has partition 0, so there is one to a group. Two of them
/// for a moment, and one that reads everything again, say nothing new. What policy does not take is
/// said again once a minute at most.
class SumsFollower {
 public:
  /// @param is_active  asked all the time, from the thread: whether this process is to answer.
  SumsFollower(const Config::Kafka& config, std::int32_t partitions, kafka::PolicyReader& policy,
               Metrics& metrics, std::function<bool()> is_active);
  ~SumsFollower();
  SumsFollower(const SumsFollower&) = delete;
  SumsFollower& operator=(const SumsFollower&) = delete;

  /// Everything on the topic was taken into account, and nothing was answered for a moment: what
  /// follows from an answer has begun. True also while another process is to answer.
  bool is_settled() const { return is_settled_; }

 private:
  void run(const std::stop_token& stop);
  void follow(const std::stop_token& stop);
  bool publish(const std::vector<PolicyAnswer>& answers, const std::stop_token& stop);
  void show_held(const Policy& policy);

  const Config::Kafka& config_;
  const std::int32_t partitions_;
  kafka::PolicyReader& policy_;
  Metrics& metrics_;
  Counter& answered_;
  std::function<bool()> is_active_;
  std::map<std::string, Gauge*> held_;
  /// What policy did not take, and when it was said: by a clock that is far ahead, say.
  std::map<std::string, std::chrono::steady_clock::time_point> refused_;
  std::atomic<bool> is_settled_{false};
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace freshet
