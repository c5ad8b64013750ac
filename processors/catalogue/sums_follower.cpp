#include "processors/catalogue/sums_follower.hpp"

#include <set>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/policy_writer.hpp"
#include "core/log.hpp"
#include "core/roles.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"
#include "processors/stages/dedupe/rules.hpp"

namespace freshet {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPollWait = 100ms;
constexpr auto kIdleWait = 200ms;
constexpr auto kRetryWait = 2s;
constexpr auto kRefusedWait = 60s;
constexpr std::size_t kPollRecords = 2'000;
// Policy comes round, and what it asks for has begun.
constexpr auto kEcho = 1s;
constexpr std::size_t kFetchKbytes = 8'192;

Aggregate::Metrics shipped_metrics() {
  Aggregate::Metrics metrics;
  for (const auto& [scope, rules] : shipped_dedupe_rules().scopes) {
    if (rules.metric) {
      metrics.emplace(scope, *rules.metric);
    }
  }
  return metrics;
}

}  // namespace

SumsFollower::SumsFollower(const Config::Kafka& config, std::int32_t partitions,
                           kafka::PolicyReader& policy, Metrics& metrics,
                           std::function<bool()> is_active)
    : config_{config},
      partitions_{partitions},
      policy_{policy},
      metrics_{metrics},
      answered_{metrics.counter("freshet_process_policy_answers_total",
                                "Rules that sums over partitions put into policy")},
      is_active_{std::move(is_active)},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

SumsFollower::~SumsFollower() = default;

void SumsFollower::run(const std::stop_token& stop) {
  while (!wait_for_stop(stop, kIdleWait)) {
    try {
      if (!is_active_()) {
        is_settled_ = true;
        continue;
      }
      is_settled_ = false;
      follow(stop);
    } catch (const std::exception& error) {
      log::error("sums_not_followed", {{"text", error.what()}});
      static_cast<void>(wait_for_stop(stop, kRetryWait));
    }
  }
}

// Reads from the start, until it is no longer ours or something went wrong.
void SumsFollower::follow(const std::stop_token& stop) {
  kafka::ConsumerOptions options;
  options.partition_end_events = true;
  options.queued_max_kbytes = kFetchKbytes;
  kafka::Consumer consumer{config_, options};
  std::vector<kafka::TopicPartitionOffset> from;
  from.reserve(static_cast<std::size_t>(partitions_));
  for (std::int32_t number = 0; number < partitions_; ++number) {
    from.push_back({{config_.prefixed(topics::kTotals), kafka::Partition{number}},
                    kafka::Consumer::kBeginning});
  }
  if (const auto assigned = consumer.assign(from); !assigned) {
    throw WorkFailed(assigned.error().message());
  }
  log::info("sums_followed", {{"partitions", partitions_}});
  Aggregate aggregate{partitions_, shipped_metrics()};
  std::set<std::int32_t> unread;
  for (std::int32_t number = 0; number < partitions_; ++number) {
    unread.insert(number);
  }
  auto answered_at = steady_clock::now();
  while (!stop.stop_requested() && is_active_()) {
    const auto polled = consumer.poll(kPollWait, kPollRecords);
    if (!polled) {
      if (polled.error().retry() == Retry::never) {
        throw WorkFailed(polled.error().message());
      }
      is_settled_ = false;
      continue;
    }
    const auto now = steady_clock::now();
    for (const kafka::Message& message : polled->messages) {
      if (message.key() && message.value()) {
        aggregate.take(*message.key(), *message.value(), now);
      }
    }
    for (const kafka::TopicPartition& end : polled->ends) {
      unread.erase(end.partition.value);
    }
    const auto state = policy_.state();
    if (!unread.empty() || !state) {
      continue;
    }
    show_held(*state->policy);
    auto answers = aggregate.answers(*state->policy, now);
    std::erase_if(answers, [&](const PolicyAnswer& answer) {
      const auto refused = refused_.find(answer.key);
      return refused != refused_.end() && now - refused->second < kRefusedWait;
    });
    if (!answers.empty()) {
      is_settled_ = false;
      if (!publish(answers, stop)) {
        return;
      }
      answered_at = steady_clock::now();
    }
    is_settled_ = polled->messages.empty() && aggregate.is_at_rest() && now - answered_at >= kEcho;
  }
}

// What is answered is in the policy before the next answer: each is said once. What is not there
// then was refused, and would be answered at every look at the sums.
bool SumsFollower::publish(const std::vector<PolicyAnswer>& answers, const std::stop_token& stop) {
  kafka::Producer producer{config_, {}};
  const auto goes_on = [&] { return !stop.stop_requested(); };
  for (const PolicyAnswer& answer : answers) {
    const auto written =
        kafka::write_policy(producer, config_, *policy_.state()->policy, answer.key, answer.rule,
                            {std::string{kCatalogueRole}, answer.why}, SystemClock{}.now());
    if (!written) {
      throw WorkFailed(written.error().message());
    }
    answered_.add();
    log::info("policy_answered",
              {{"rule", answer.key}, {"version", *written}, {"why", answer.why}});
    if (!policy_.catch_up(goes_on)) {
      return false;
    }
    if (policy_.state()->policy->version_of(answer.key) < *written) {
      refused_[answer.key] = steady_clock::now();
      log::error("policy_answer_refused", {{"rule", answer.key}, {"version", *written}});
    }
  }
  return true;
}

void SumsFollower::show_held(const Policy& policy) {
  for (auto& [scope, gauge] : held_) {
    gauge->set(0);
  }
  for (const auto& [key, value] : policy.values()) {
    const auto* removal = std::get_if<RemovalRule>(&value->rule);
    if (removal == nullptr || !removal->held) {
      continue;
    }
    const std::string scope = key.substr(policy::kRemoval.size());
    Gauge*& gauge = held_[scope];
    if (gauge == nullptr) {
      const std::size_t colon = scope.find(':');
      gauge = &metrics_.gauge(
          "freshet_process_removals_held_works",
          "Works whose removal waits for somebody's approval",
          {{"media_type", scope.substr(0, colon)}, {"provider", scope.substr(colon + 1)}});
    }
    gauge->set(static_cast<double>(removal->held->missing));
  }
}

}  // namespace freshet
