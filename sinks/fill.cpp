#include "sinks/fill.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/consumer.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"
#include "sinks/only_media.hpp"
#include "sinks/pipeline.hpp"
#include "sinks/registry.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Offsets = std::map<kafka::Partition, kafka::Offset>;

constexpr auto kPollTime = 100ms;
constexpr auto kKeepEvery = 1s;
constexpr auto kBrokerTimeout = 10s;
constexpr auto kDrainAtTheEnd = 10s;
constexpr std::size_t kPollMost = 500;
constexpr std::size_t kFetchAheadKbytes = 16'384;

const SinkSpec& spec_of(const std::string& role) {
  for (const SinkSpec& spec : sinks()) {
    if (spec.role.name == role) {
      return spec;
    }
  }
  throw StartupError{"there is no sink " + role};
}

/// Performs a request; `run` is its thread.
class Fill final : public StoreFill {
 public:
  explicit Fill(const FillRequest& request)
      : request_{request},
        spec_{spec_of(request.role)},
        source_{request.group, request.config.kafka.prefixed(spec_.role.topics.front())},
        sink_metrics_{metrics_, std::string{spec_.role.what()}},
        thread_{[this](const std::stop_token& stop) { run(stop); }} {}

  ~Fill() override {
    thread_.request_stop();
    thread_.join();
  }

  State state() const override {
    const std::scoped_lock lock{mutex_};
    return state_;
  }

 private:
  std::unique_ptr<Sink> make_sink() {
    auto sink = spec_.make(request_.config, source_, give_up_.get_token());
    return request_.only ? make_only_media(std::move(sink), *request_.only) : std::move(sink);
  }

  void run(const std::stop_token& stop) try {
    for (std::size_t i = 0; i < spec_.writers; ++i) {
      sinks_.push_back(make_sink());
    }
    kafka::ConsumerOptions options;
    options.group = source_.group;  // never joined: it keeps the offsets
    options.partition_end_events = true;
    options.queued_max_kbytes = kFetchAheadKbytes;
    consumer_ = std::make_unique<kafka::Consumer>(request_.config.kafka, options);
    pipeline_ = std::make_unique<Pipeline>(
        sinks_,
        [this](const Incoming&, const Error&) -> Result<void> {
          const std::scoped_lock lock{mutex_};
          ++state_.put_aside;
          return {};
        },
        [] { return Flushed{}; }, sink_metrics_, clock_,
        Pipeline::Options{.limits = spec_.limits, .keep = spec_.keep, .refusals = spec_.refusals});
    while (!stop.stop_requested() && !start()) {
      wait_for_stop(stop, kKeepEvery);
    }
    while (!stop.stop_requested() && turn(stop)) {
    }
    finish();
  } catch (const std::exception& error) {
    fail({Errc::unspecified, Retry::never, error.what()});
    finish();
  }

  void fail(const Error& error) {
    const std::scoped_lock lock{mutex_};
    state_.failure = error;
  }

  /// Reads on where the store, else the group, else the request says. False: not now.
  bool start() {
    const auto started = find_start();
    if (!started) {
      const std::scoped_lock lock{mutex_};
      state_.trouble = started.error().message();
      log::warn("start_delayed", {{"group", source_.group}, {"text", *state_.trouble}});
      return false;
    }
    std::vector<kafka::TopicPartitionOffset> list;
    for (const auto& [partition, offset] : *started) {
      list.push_back(
          {{source_.topic, partition}, offset.value == 0 ? kafka::Consumer::kBeginning : offset});
    }
    if (const auto assigned = consumer_->assign(list); !assigned) {
      return false;
    }
    next_ = *started;
    const std::scoped_lock lock{mutex_};
    state_.trouble.reset();
    state_.done = next_;
    return true;
  }

  Result<Offsets> find_start() {
    const auto count = consumer_->partition_count(source_.topic, kBrokerTimeout);
    if (!count) {
      return count.error();
    }
    if (auto checked = sinks_.front()->check(); !checked) {
      return checked.error();
    }
    std::vector<kafka::Partition> partitions;
    std::vector<kafka::TopicPartition> places;
    for (std::int32_t i = 0; i < *count; ++i) {
      partitions.push_back(kafka::Partition{i});
      places.push_back({source_.topic, kafka::Partition{i}});
    }
    const auto stored = sinks_.front()->start_offsets(partitions);
    if (!stored) {
      return stored.error();
    }
    const auto committed = consumer_->committed(places, kBrokerTimeout);
    if (!committed) {
      return committed.error();
    }
    Offsets start;
    for (const auto& [at, offset] : *committed) {
      const auto in_store = stored->find(at.partition);
      const auto asked = request_.from.find(at.partition);
      start[at.partition] = in_store != stored->end()      ? in_store->second
                            : offset                       ? *offset
                            : asked != request_.from.end() ? asked->second
                                                           : kafka::Offset{0};
    }
    return start;
  }

  bool turn(const std::stop_token& stop) {
    if (auto failure = pipeline_->failure()) {
      fail(*failure);
      return false;
    }
    note();
    const std::size_t room = pipeline_->room();
    if (room == 0) {
      // The store may be slow or away for long, and nobody else polls for us: no group is joined.
      pipeline_->wait_for_room(kPollTime);
      return true;
    }
    if (!wait_for_pace(stop)) {
      return true;
    }
    auto polled = consumer_->poll(kPollTime, std::min({room, kPollMost, allowance()}));
    if (!polled) {
      log::warn("poll_failed", {{"group", source_.group}, {"text", polled.error().message()}});
      return true;
    }
    taken_ += polled->messages.size();
    for (kafka::Message& message : polled->messages) {
      add(std::move(message));
    }
    pipeline_->publish();
    ended_ = ended_ || !polled->ends.empty();
    return true;
  }

  void add(kafka::Message message) {
    kafka::Offset& next = next_[message.partition()];
    if (message.offset() < next) {
      return;
    }
    const kafka::Offset from = std::exchange(next, kafka::Offset{message.offset().value + 1});
    Incoming incoming;
    incoming.record = {message.key().value_or(""), message.value().value_or(""),
                       message.header(schema_header::kName).value_or(""), message.partition(),
                       message.offset()};
    incoming.timestamp = message.timestamp();
    incoming.message = std::move(message);
    pipeline_->add(std::move(incoming), from);
  }

  // -- pace

  /// Records that may be read now.
  std::size_t allowance() {
    if (request_.per_second <= 0) {
      return kPollMost;
    }
    const double seconds = std::chrono::duration<double>(Steady::now() - pace_from_).count();
    const double allowed = seconds * request_.per_second - static_cast<double>(taken_);
    return allowed < 1 ? 0 : static_cast<std::size_t>(allowed);
  }

  bool wait_for_pace(const std::stop_token& stop) {
    if (allowance() > 0) {
      return true;
    }
    wait_for_stop(stop, 20ms);
    return false;
  }

  // -- how far it is

  void note() {
    const auto now = Steady::now();
    Offsets done = pipeline_->take_done();
    // Markers and gaps behind the last record are done as well, once nothing is under way.
    if (ended_ && pipeline_->is_idle()) {
      ended_ = false;
      if (const auto positions = consumer_->positions()) {
        for (const auto& [at, offset] : *positions) {
          if (offset) {
            done[at.partition] = std::max(done[at.partition], *offset);
          }
        }
      }
    }
    {
      const std::scoped_lock lock{mutex_};
      for (const auto& [partition, offset] : done) {
        state_.done[partition] = std::max(state_.done[partition], offset);
        kept_.insert(partition);
      }
      state_.records = static_cast<std::int64_t>(taken_);
      state_.trouble = pipeline_->trouble();
    }
    if (now >= next_keep_) {
      keep();
      next_keep_ = now + kKeepEvery;
    }
  }

  void keep() {
    std::vector<kafka::TopicPartitionOffset> list;
    {
      const std::scoped_lock lock{mutex_};
      for (const kafka::Partition partition : kept_) {
        list.push_back({{source_.topic, partition}, state_.done[partition]});
      }
    }
    if (list.empty()) {
      return;
    }
    if (const auto committed = consumer_->commit(list); !committed) {
      log::warn("commit_failed", {{"group", source_.group}, {"text", committed.error().message()}});
      return;  // again with the next one
    }
    kept_.clear();
  }

  void finish() {
    if (pipeline_ && !pipeline_->failure() && !pipeline_->trouble()) {
      pipeline_->drain(kDrainAtTheEnd);
      note();
    }
    if (consumer_) {
      keep();
    }
    give_up_.request_stop();
    pipeline_.reset();  // the last messages go before their consumer
    consumer_.reset();
  }

  const FillRequest request_;
  const SinkSpec& spec_;
  const SinkSource source_;
  Metrics metrics_;  ///< its own: the command serves none
  SinkMetrics sink_metrics_;
  SystemClock clock_;
  std::stop_source give_up_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::unique_ptr<Pipeline> pipeline_;

  Offsets next_;                     ///< next offset to take
  std::set<kafka::Partition> kept_;  ///< moved since they were last kept
  bool ended_ = false;
  std::size_t taken_ = 0;
  const Steady::time_point pace_from_ = Steady::now();
  Steady::time_point next_keep_;

  mutable std::mutex mutex_;
  State state_;
  std::jthread thread_;  // last
};

}  // namespace

std::unique_ptr<StoreFill> start_fill(const FillRequest& request) {
  return std::make_unique<Fill>(request);
}

}  // namespace freshet
