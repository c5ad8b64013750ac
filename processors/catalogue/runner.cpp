#include "processors/catalogue/runner.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/check.hpp"
#include "core/kafka/admin.hpp"
#include "core/log.hpp"
#include "core/roles.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"
#include "processors/catalogue/inputs.hpp"
#include "processors/catalogue/loop.hpp"
#include "processors/catalogue/readiness.hpp"
#include "processors/catalogue/restore.hpp"
#include "processors/catalogue/sums_follower.hpp"

namespace freshet {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kReachTimeout = 10s;
constexpr auto kAskTimeout = 2s;
constexpr auto kWatchEvery = 50ms;
constexpr auto kTendEvery = 5s;

// How many partitions a topic has, once it is there; nothing when it is to stop first.
std::optional<std::int32_t> await_topic(kafka::Consumer& probe, const std::string& topic,
                                        const std::stop_token& stop,
                                        CatalogueReadiness& readiness) {
  for (;;) {
    const auto count = probe.partition_count(topic, kAskTimeout);
    if (count) {
      return *count;
    }
    readiness.await_topics(true);
    log::warn("topic_awaited", {{"topic", topic}, {"text", count.error().message()}});
    if (wait_for_stop(stop, 500ms)) {
      return std::nullopt;
    }
  }
}

// Waits for the topics; nothing when it is to stop first.
std::optional<PartitionCounts> await_topics(const Config& config, const std::stop_token& stop,
                                            CatalogueReadiness& readiness) {
  kafka::Consumer probe{config.kafka, {}};
  PartitionCounts partitions;
  for (const std::string_view name :
       {topics::kRaw, topics::kDecisions, topics::kUrlVerdicts, topics::kCatalog, topics::kSeen,
        topics::kTotals, topics::kDeadLetter}) {
    const std::string topic = config.kafka.prefixed(name);
    const auto count = await_topic(probe, topic, stop, readiness);
    if (!count) {
      return std::nullopt;
    }
    // One work is in the same partition everywhere: with other counts that cannot hold.
    if (partitions.works != 0 && *count != partitions.works) {
      throw StartupError("topic " + topic + " has " + std::to_string(*count) + " partitions and " +
                         std::string{topics::kRaw} + " has " + std::to_string(partitions.works));
    }
    partitions.works = *count;
  }
  const std::string topic = config.kafka.prefixed(topics::kUrlClaims);
  const auto count = await_topic(probe, topic, stop, readiness);
  if (!count) {
    return std::nullopt;
  }
  if (*count > partitions.works) {
    throw StartupError("topic " + topic + " has " + std::to_string(*count) +
                       " partitions, of which nobody would own those past the " +
                       std::to_string(partitions.works) + " of " + std::string{topics::kRaw});
  }
  partitions.claims = *count;
  const auto policies = await_topic(probe, config.kafka.prefixed(topics::kPolicy), stop, readiness);
  if (!policies) {
    return std::nullopt;
  }
  if (*policies != 1) {
    throw StartupError("topic " + config.kafka.prefixed(topics::kPolicy) + " has " +
                       std::to_string(*policies) + " partitions and must have one");
  }
  readiness.await_topics(false);
  return partitions;
}

// Whether the group as a whole has read all inputs to the end: partitions of other processes, and
// what this one has sent itself and not yet seen come back.
class GroupProgress {
 public:
  GroupProgress(const Config& config, const Inputs& inputs)
      : config_{config}, inputs_{inputs}, probe_{config.kafka, {}}, admin_{config.kafka} {}

  bool is_done() {
    const auto all = inputs_.all();
    const auto offsets = admin_.group_offsets(config_.kafka.prefixed(kCatalogueRole), all);
    if (!offsets) {
      return false;
    }
    std::vector<kafka::TopicPartitionOffset> unread;
    for (const kafka::TopicPartition& at : all) {
      const auto marks = probe_.watermarks(at, kAskTimeout);
      if (!marks) {
        return false;
      }
      const auto committed = offsets->find(at);
      const kafka::Offset next =
          committed == offsets->end() ? marks->low : std::max(committed->second, marks->low);
      if (next < marks->high) {
        unread.push_back({at, next});
      }
    }
    return unread.empty() || hold_no_record(unread);
  }

 private:
  // Markers of transactions lie behind the last record, and no offset of the group counts them.
  bool hold_no_record(const std::vector<kafka::TopicPartitionOffset>& from) const {
    kafka::ConsumerOptions options;
    options.partition_end_events = true;
    kafka::Consumer reader{config_.kafka, options};
    if (!reader.assign(from)) {
      return false;
    }
    const auto until = steady_clock::now() + kAskTimeout;
    for (std::size_t ends = 0; ends < from.size();) {
      const auto polled = reader.poll(100ms, 1);
      if (!polled || !polled->messages.empty() || steady_clock::now() > until) {
        return false;
      }
      ends += polled->ends.size();
    }
    return true;
  }

  const Config& config_;
  const Inputs& inputs_;
  kafka::Consumer probe_;
  kafka::Admin admin_;
};

// Tends the state every few seconds, and says what its records take.
class Tending {
 public:
  Tending(StateStore& state, Metrics& metrics)
      : state_{state},
        bytes_{metrics.gauge("freshet_process_state_record_bytes",
                             "Files of records on disk, garbage among them")},
        garbage_bytes_{metrics.gauge("freshet_process_state_garbage_bytes",
                                     "Earlier forms of records on disk, as far as known")} {}

  void run_when_due() {
    if (const auto now = steady_clock::now(); now >= next_) {
      next_ = now + kTendEvery;
      const RecordFiles files = state_.tend();
      bytes_.set(static_cast<double>(files.bytes));
      garbage_bytes_.set(static_cast<double>(files.garbage_bytes));
    }
  }

 private:
  StateStore& state_;
  Gauge& bytes_;
  Gauge& garbage_bytes_;
  steady_clock::time_point next_;
};

// The loops and what they share: the first failure ends all.
class Loops {
 public:
  Loops(const Config& config, const Inputs& inputs, int count, double background_per_second,
        PartitionStates& states, PolicyRules& policy, Metrics& metrics,
        CatalogueReadiness& readiness)
      : statuses_{std::make_shared<LoopStatuses>(static_cast<std::size_t>(count))} {
    readiness.watch(statuses_);
    for (int i = 0; i < count; ++i) {
      LoopStatus& status = (*statuses_)[static_cast<std::size_t>(i)];
      threads_.emplace_back([this, &config, &inputs, i, background = background_per_second / count,
                             &states, &policy, &metrics, &status](std::stop_token stop) {
        try {
          CatalogueLoop{config, inputs, i, background, states, policy, estimates_, metrics, status}
              .run(std::move(stop));
        } catch (...) {
          const std::lock_guard guard{mutex_};
          if (!failure_) {
            failure_ = std::current_exception();
          }
        }
      });
    }
  }

  bool failed() const {
    const std::lock_guard guard{mutex_};
    return failure_ != nullptr;
  }

  bool idle_for(milliseconds time) const {
    const auto now =
        std::chrono::duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    return std::ranges::all_of(*statuses_, [&](const LoopStatus& status) {
      const std::int64_t since = status.idle_since_ms;
      return since != 0 && now - since >= time.count();
    });
  }

  void stop() {
    for (std::jthread& thread : threads_) {
      thread.request_stop();
    }
    threads_.clear();  // joins
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

 private:
  std::shared_ptr<LoopStatuses> statuses_;
  EstimatePool estimates_;
  mutable std::mutex mutex_;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;  // last: joined before what they use is gone
};

}  // namespace

int run_catalogue(const CatalogueRun& run, const Context& context) {
  const Config& config = context.config;
  if (const auto reached = kafka::Admin{config.kafka}.reachable(kReachTimeout); !reached) {
    throw StartupError(reached.error().message());
  }
  MetricsServer server{context.metrics, config.metrics.listen};
  log::info("metrics_served", {{"address", server.address()}});
  // Shared with the server, which may ask once more when all else here is gone.
  const auto readiness = std::make_shared<CatalogueReadiness>();
  server.add_component(std::string{kCatalogueRole}, [readiness] { return readiness->not_ready(); });
  const auto partitions = await_topics(config, context.stop, *readiness);
  if (!partitions) {
    return ExitCode::done;
  }
  StateStore state{std::filesystem::path{config.state.dir} / config.process.instance,
                   SystemClock{}.now()};
  const Inputs inputs{config.kafka, *partitions};
  PartitionStates states{config, state, *partitions,
                         static_cast<std::size_t>(config.process.table_mb) << 20U};
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int count = std::min<int>(run.loops > 0 ? run.loops : cores, partitions->works);
  std::optional<GroupProgress> progress;
  if (run.until_idle) {
    progress.emplace(config, inputs);
  }
  kafka::PolicyReader reader{config.kafka, std::string{kCatalogueRole}, context.metrics};
  PolicyRules policy{reader};
  const SumsFollower sums{config.kafka, partitions->works, reader, context.metrics,
                          [&states] { return states.is_borrowed(0); }};
  Tending tending{state, context.metrics};
  Loops loops{config, inputs, count,           static_cast<double>(run.background_per_second),
              states, policy, context.metrics, *readiness};
  while (!wait_for_stop(context.stop, kWatchEvery) && !loops.failed()) {
    tending.run_when_due();
    if (run.until_idle && sums.is_settled() && loops.idle_for(*run.until_idle) &&
        progress->is_done()) {
      break;
    }
  }
  readiness->watch(nullptr);
  loops.stop();
  states.save();
  log::info("process_stopped", {{"loops", count}});
  return ExitCode::done;
}

}  // namespace freshet
