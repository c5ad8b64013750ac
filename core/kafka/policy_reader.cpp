#include "core/kafka/policy_reader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/consumer.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;

constexpr auto kPollWait = 50ms;
constexpr auto kAskTimeout = 2s;
constexpr auto kRetryAfter = 500ms;
constexpr std::chrono::milliseconds kRetryAfterAtMost = 30s;
// Faults that pass by themselves, such as a lack of file descriptors, have passed by then: 3.5 s.
constexpr int kAttemptsUntilTold = 4;
constexpr std::size_t kPollRecords = 1'000;
constexpr std::size_t kFetchKbytes = 8'192;

ConsumerOptions reader_options() {
  ConsumerOptions options;
  options.partition_end_events = true;
  options.queued_max_kbytes = kFetchKbytes;
  // Policy changes rarely, and then somebody waits for it.
  options.extra = {{"fetch.wait.max.ms", "100"}};
  return options;
}

}  // namespace

PolicyMessage policy_message(const Message& message) {
  return {.key = message.key().value_or(""),
          .value = message.value(),
          .schema = message.header(schema_header::kName),
          .version = message.header("version"),
          .appended = message.timestamp(),
          .offset = message.offset().value};
}

PolicyReader::PolicyReader(const Config::Kafka& config, const std::string& role, Metrics& metrics)
    : config_{config},
      at_{config.prefixed(topics::kPolicy), Partition{0}},
      version_{metrics.gauge("freshet_policy_version", "Greatest version of any rule that was read",
                             {{"role", role}})},
      unusable_{metrics.counter("freshet_policy_values_unusable_total",
                                "Values of policy that could not be used", {{"role", role}})},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

PolicyReader::~PolicyReader() {
  thread_.request_stop();
  changed_.notify_all();
}

std::shared_ptr<const PolicyReader::State> PolicyReader::state() const {
  const std::lock_guard guard{mutex_};
  return state_;
}

bool PolicyReader::catch_up(const std::function<bool()>& keep_waiting) {
  std::unique_lock lock{mutex_};
  const std::uint64_t mine = ++asked_;
  while (answered_ < mine) {
    if (attempts_in_vain_ >= kAttemptsUntilTold) {
      throw WorkFailed{at_.topic + " cannot be read: " + fault_};
    }
    changed_.wait_for(lock, kPollWait);
    lock.unlock();
    const bool waits = keep_waiting();
    lock.lock();
    if (!waits) {
      return false;
    }
  }
  return true;
}

std::optional<std::string> PolicyReader::fault() const {
  const std::lock_guard guard{mutex_};
  return fault_.empty() ? std::nullopt : std::optional{fault_};
}

void PolicyReader::note_fault(const std::string& why) {
  log::error("policy_not_read", {{"topic", at_.topic}, {"text", why}});
  const std::lock_guard guard{mutex_};
  fault_ = why;
  ++attempts_in_vain_;
  changed_.notify_all();
}

void PolicyReader::note_success() {
  const std::lock_guard guard{mutex_};
  fault_.clear();
  attempts_in_vain_ = 0;
}

void PolicyReader::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      follow(stop);
    } catch (const std::exception& error) {
      note_fault(error.what());
    }
    int attempts = 0;
    {
      const std::lock_guard guard{mutex_};
      attempts = attempts_in_vain_;
    }
    wait_for_stop(stop,
                  std::min(kRetryAfterAtMost, kRetryAfter * (1 << std::clamp(attempts - 1, 0, 6))));
  }
}

// Reads from the start until it is told to stop. Reading messages a second time changes nothing:
// the newest of each key is in force.
void PolicyReader::follow(const std::stop_token& stop) {
  // Waits for a topic that does not exist yet. If it were assigned before, the client would rarely
  // ask for it.
  Consumer consumer{config_, reader_options()};
  while (!consumer.partition_count(at_.topic, kAskTimeout)) {
    log::warn("topic_awaited", {{"topic", at_.topic}});
    if (wait_for_stop(stop, kRetryAfter)) {
      return;
    }
  }
  if (const auto assigned = consumer.assign({{at_, Consumer::kBeginning}}); !assigned) {
    throw WorkFailed{assigned.error().message()};
  }
  log_ = {};
  bool was_at_end = false;
  while (!stop.stop_requested()) {
    const auto polled = consumer.poll(kPollWait, kPollRecords);
    if (!polled) {
      if (polled.error().retry() == Retry::never) {
        throw WorkFailed{polled.error().message()};
      }
      log::warn("policy_poll_failed", {{"text", polled.error().message()}});
      wait_for_stop(stop, kRetryAfter);
      continue;
    }
    for (const Message& message : polled->messages) {
      if (log_.apply(policy_message(message))) {
        unusable_.add();
      }
    }
    const bool reached_end = !polled->ends.empty();
    if (reached_end) {
      note_success();
    }
    if (was_at_end || reached_end) {
      publish(!polled->messages.empty() || !was_at_end);
    }
    was_at_end = was_at_end || reached_end;
    if (was_at_end) {
      answer(consumer, at_);
    }
  }
}

void PolicyReader::publish(bool is_changed) {
  if (!is_changed) {
    return;
  }
  auto state = std::make_shared<State>();
  state->policy = std::make_shared<const Policy>(log_.policy());
  for (const auto& [key, fault] : log_.faults()) {
    state->faults.push_back(fault);
  }
  std::ranges::sort(state->faults, {}, &PolicyFault::offset);
  for (const PolicyFault& fault : state->faults) {
    if (fault.error && fault.offset > told_offset_) {
      log::error("policy_value_unusable",
                 {{"rule", fault.key}, {"offset", fault.offset}, {"text", fault.error->message()}});
    }
    told_offset_ = std::max(told_offset_, fault.offset);
  }
  version_.set(static_cast<double>(state->policy->version()));
  log::info("policy_read",
            {{"version", state->policy->version()}, {"values", state->policy->values().size()}});
  const std::lock_guard guard{mutex_};
  state_ = std::move(state);
}

// Asks for the end of the topic. Calls of `catch_up` before that wait for no more than this.
void PolicyReader::answer(Consumer& consumer, const TopicPartition& at) {
  std::uint64_t asked = 0;
  {
    const std::lock_guard guard{mutex_};
    asked = asked_;
    if (answered_ == asked) {
      return;
    }
  }
  const auto marks = consumer.watermarks(at, kAskTimeout);
  const auto positions = consumer.positions();
  if (!marks || !positions) {
    return;
  }
  const auto reached = std::ranges::any_of(*positions, [&](const auto& position) {
    return position.second && *position.second >= marks->high;
  });
  if (reached || marks->low == marks->high) {
    const std::lock_guard guard{mutex_};
    answered_ = asked;
    changed_.notify_all();
  }
}

}  // namespace freshet::kafka
