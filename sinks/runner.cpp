#include "sinks/runner.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/admin.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/kafka/producer.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kPollTime = 100ms;
// Without room for so long, the loop gives its assignment back to itself: the group waits for a
// member that does not poll. Sooner when the store has said no than when it is only slow.
constexpr auto kParkAfterTrouble = 2s;
constexpr auto kParkAfter = 10s;
constexpr auto kCommitEvery = 1s;
constexpr auto kLagEvery = 10s;
constexpr auto kDrainOnRevoke = 5s;  ///< the group waits for us meanwhile
constexpr auto kDrainOnStop = 10s;
constexpr auto kAssignRetry = 1s;
constexpr auto kBrokerTimeout = 10s;
constexpr std::size_t kPollMost = 500;
constexpr std::size_t kFetchAheadKbytes = 16'384;

/// Dead letters of a sink: an idempotent producer, acknowledged before a batch counts as done.
class DeadLetters {
 public:
  DeadLetters(const Config& config, std::string step, std::int32_t partitions, const Clock& clock)
      : config_{config},
        step_{std::move(step)},
        partitions_{partitions},
        clock_{clock},
        producer_{config.kafka, {}} {}

  Result<void> send(const Incoming& incoming, const Error& error) {
    kafka::DeadLetter letter;
    letter.step = step_;
    letter.error = error;
    letter.origin = {std::string{topics::kCatalog}, incoming.record.partition,
                     incoming.record.offset.value};
    letter.key = incoming.record.key;
    letter.value = incoming.record.value;
    letter.time = clock_.now();
    letter.partitions = partitions_;
    return kafka::produce_dead_letter(
        producer_, config_.kafka, letter,
        incoming.message ? incoming.message->headers() : kafka::Headers{});
  }

  Result<void> flush() { return producer_.flush(30s); }

 private:
  const Config& config_;
  std::string step_;
  std::int32_t partitions_;
  const Clock& clock_;
  kafka::Producer producer_;
};

class Loop {
 public:
  Loop(const SinkSpec& spec, const Context& context, const SinkRunOptions& options)
      : spec_{spec},
        context_{context},
        options_{options},
        group_{context.config.kafka.prefixed("sink." + spec.name)},
        topic_{context.config.kafka.prefixed(topics::kCatalog)},
        control_{spec.make(context.config, group_, context.stop)},
        metrics_{context.metrics, spec.name},
        lag_{context.metrics.gauge("freshet_sink_lag_records",
                                   "Records between the offset that is done and the end",
                                   {{"sink", spec.name}})} {
    for (std::size_t i = 0; i < spec.writers; ++i) {
      sinks_.push_back(spec.make(context.config, group_, give_up_.get_token()));
    }
  }

  int run() {
    check_start();
    MetricsServer server{context_.metrics, context_.config.metrics.listen};
    log::info("metrics_served", {{"address", server.address()}});
    server.add_component("sink." + spec_.name, [this] { return unready(); });
    if (!await_topic()) {
      return ExitCode::done;
    }
    open();
    log::info("sink_started", {{"sink", spec_.name}, {"group", group_}, {"topic", topic_}});
    const int code = work();
    shut_down();
    return code;
  }

 private:
  enum class State { unassigned, starting, reading, parked };

  // -- start

  void check_start() {
    kafka::Admin admin{context_.config.kafka};
    if (auto reached = admin.reachable(kBrokerTimeout); !reached) {
      throw StartupError{reached.error().message()};
    }
    const auto checked = control_->check();
    if (checked) {
      return;
    }
    const Error error = checked.error();
    if (error.errc() == Errc::unreachable || error.errc() == Errc::timed_out) {
      throw StartupError{error.message()};
    }
    set_reason(error.message());
    log::warn("store_not_ready", {{"sink", spec_.name}, {"text", error.message()}});
  }

  /// False: a stop was asked for.
  bool await_topic() {
    kafka::Consumer reader{context_.config.kafka, {}};
    while (!context_.stop.stop_requested()) {
      const auto count = reader.partition_count(topic_, kBrokerTimeout);
      if (count) {
        partitions_ = *count;
        const auto letters = reader.partition_count(
            context_.config.kafka.prefixed(topics::kDeadLetter), kBrokerTimeout);
        letter_partitions_ = letters ? *letters : 0;
        return true;
      }
      set_reason(count.error().message());
      log::warn("topic_awaited", {{"topic", topic_}, {"text", count.error().message()}});
      if (wait_for_stop(context_.stop, kAssignRetry)) {
        return false;
      }
    }
    return false;
  }

  void open() {
    letters_ = std::make_unique<DeadLetters>(context_.config, "sink." + spec_.name,
                                             letter_partitions_, clock_);
    kafka::ConsumerOptions options;
    options.group = group_;
    options.group_instance_id = group_ + "." + context_.config.process.instance;
    options.partition_end_events = true;
    options.queued_max_kbytes = kFetchAheadKbytes;
    consumer_ = std::make_unique<kafka::Consumer>(context_.config.kafka, options);
    pipeline_ = std::make_unique<Pipeline>(
        sinks_, [this](const Incoming& i, const Error& e) { return letters_->send(i, e); },
        [this] { return letters_->flush(); }, metrics_, clock_, Pipeline::Options{});
    if (spec_.companion) {
      companion_ = spec_.companion(context_.config, context_.metrics, give_up_.get_token());
    }
    set_reason("no partitions assigned yet");
    consumer_->subscribe({topic_}, {[this](const auto& given) { on_assigned(given); },
                                    [this](const auto&, bool lost) { on_revoked(lost); }});
  }

  // -- rebalances, called from within poll

  void on_assigned(const std::vector<kafka::TopicPartition>& given) {
    owned_.clear();
    for (const kafka::TopicPartition& one : given) {
      owned_.insert(one.partition);
    }
    log::info("partitions_assigned", {{"sink", spec_.name}, {"partitions", owned_.size()}});
    begin_reading();
  }

  void on_revoked(bool lost) {
    if (!lost && state_ != State::starting && !pipeline_->trouble()) {
      add_carried();
      pipeline_->drain(kDrainOnRevoke);
      commit();
    }
    forget();
    owned_.clear();
    state_ = State::unassigned;
    set_reason("partitions are being handed over");
    log::info("partitions_revoked", {{"sink", spec_.name}, {"lost", lost}});
  }

  void forget() {
    pipeline_->abandon();
    static_cast<void>(pipeline_->take_done());
    carried_.clear();
    next_.clear();
    at_end_.clear();
    to_commit_.clear();
    committed_.clear();
  }

  /// Starts to read what is owned, from where the store says.
  void begin_reading() {
    forget();
    state_ = State::starting;
    next_try_ = Steady::now();
  }

  void try_to_start() {
    if (Steady::now() < next_try_) {
      return;
    }
    const std::vector<kafka::Partition> partitions{owned_.begin(), owned_.end()};
    std::optional<Error> why;
    std::map<kafka::Partition, kafka::Offset> starts;
    if (auto checked = control_->check(); !checked) {
      why = checked.error();
    } else if (auto stored = control_->start_offsets(partitions); !stored) {
      why = stored.error();
    } else if (auto read = fill_from_group(starts = std::move(*stored), partitions); !read) {
      why = read.error();
    }
    if (why) {
      next_try_ = Steady::now() + kAssignRetry;
      set_reason(why->message());
      log::warn("start_delayed", {{"sink", spec_.name}, {"text", why->message()}});
      return;
    }
    next_ = std::move(starts);
    assign_from_next();
  }

  Result<void> fill_from_group(std::map<kafka::Partition, kafka::Offset>& starts,
                               const std::vector<kafka::Partition>& partitions) {
    std::vector<kafka::TopicPartition> missing;
    for (const kafka::Partition partition : partitions) {
      if (!starts.contains(partition)) {
        missing.push_back({topic_, partition});
      }
    }
    if (missing.empty()) {
      return {};
    }
    const auto committed = consumer_->committed(missing, kBrokerTimeout);
    if (!committed) {
      return committed.error();
    }
    for (const auto& [at, offset] : *committed) {
      starts[at.partition] = offset.value_or(kafka::Offset{0});
    }
    return {};
  }

  void assign_from_next() {
    std::vector<kafka::TopicPartitionOffset> list;
    list.reserve(next_.size());
    for (const auto& [partition, offset] : next_) {
      // 0 may be gone by retention, which is no reason to complain.
      list.push_back(
          {{topic_, partition}, offset.value == 0 ? kafka::Consumer::kBeginning : offset});
    }
    at_end_.clear();
    if (auto assigned = consumer_->assign(list); !assigned) {
      next_try_ = Steady::now() + kAssignRetry;
      state_ = State::starting;
      log::warn("start_delayed", {{"sink", spec_.name}, {"text", assigned.error().message()}});
      return;
    }
    state_ = State::reading;
    set_reason("");
  }

  // -- the loop

  int work() {
    while (!context_.stop.stop_requested()) {
      if (auto failure = pipeline_->failure()) {
        if (failure->errc() != Errc::fenced) {
          return fail(*failure);
        }
        log::warn("offsets_moved_by_another", {{"sink", spec_.name}, {"text", failure->message()}});
        static_cast<void>(consumer_->unassign());
        begin_reading();
      }
      if (auto error = turn()) {
        return fail(*error);
      }
      note_trouble();
      const auto now = Steady::now();
      if (now >= next_commit_) {
        commit();
        next_commit_ = now + kCommitEvery;
      }
      if (now >= next_lag_) {
        measure_lag();
        next_lag_ = now + kLagEvery;
      }
      if (options_.until_idle && is_done_for_good() && (!companion_ || companion_->is_done())) {
        log::info("sink_idle", {{"sink", spec_.name}});
        return ExitCode::done;
      }
    }
    return ExitCode::done;
  }

  /// One step of the loop. @return why the sink cannot go on.
  std::optional<Error> turn() {
    if (state_ == State::starting) {
      try_to_start();
    }
    if (state_ == State::reading) {
      add_carried();
      const std::size_t room = carried_.empty() ? pipeline_->room() : 0;
      if (room == 0) {
        if (!pipeline_->wait_for_room(kPollTime)) {
          park_if_stuck();
        } else {
          full_since_.reset();
        }
        return std::nullopt;
      }
      full_since_.reset();
      return poll(std::min(room, kPollMost));
    }
    if (state_ == State::parked && pipeline_->room() > 0) {
      log::info("reading_resumed", {{"sink", spec_.name}});
      assign_from_next();
      return std::nullopt;
    }
    return poll(1);
  }

  /// The group must be polled, and pausing is not safe in librdkafka 2.0: so without an assignment
  /// we poll and nothing comes. What was polled and not added is read again.
  void park_if_stuck() {
    const auto now = Steady::now();
    if (!full_since_) {
      full_since_ = now;
    }
    const auto trouble = pipeline_->trouble();
    if (now - *full_since_ < (trouble ? kParkAfterTrouble : kParkAfter)) {
      return;
    }
    full_since_.reset();
    log::warn("reading_parked",
              {{"sink", spec_.name}, {"text", trouble.value_or("the store is slow")}});
    carried_.clear();
    static_cast<void>(consumer_->unassign());
    state_ = State::parked;
  }

  std::optional<Error> poll(std::size_t most) {
    auto polled = consumer_->poll(kPollTime, most);
    if (!polled) {
      Error error = polled.error();
      if (error.retry() == Retry::never) {
        return error;
      }
      log::warn("poll_failed", {{"sink", spec_.name}, {"text", error.message()}});
      return std::nullopt;
    }
    if (state_ != State::reading) {
      return std::nullopt;  // of an assignment that ended within this call
    }
    for (kafka::Message& message : polled->messages) {
      at_end_.erase(message.partition());
      carried_.push_back(std::move(message));
    }
    add_carried();
    for (const kafka::TopicPartition& end : polled->ends) {
      at_end_.insert(end.partition);
    }
    return std::nullopt;
  }

  /// Hands over as much as there is room for; the rest waits.
  void add_carried() {
    while (!carried_.empty() && pipeline_->room() > 0) {
      kafka::Message message = std::move(carried_.front());
      carried_.pop_front();
      const auto position = next_.find(message.partition());
      if (position == next_.end() || message.offset() < position->second) {
        continue;  // read again after a change of the assignment
      }
      const kafka::Offset from =
          std::exchange(position->second, kafka::Offset{message.offset().value + 1});
      Incoming incoming;
      incoming.record = {message.key().value_or(""), message.value().value_or(""),
                         message.header(schema_header::kName).value_or(""), message.partition(),
                         message.offset()};
      incoming.timestamp = message.timestamp();
      incoming.message = std::move(message);
      pipeline_->add(std::move(incoming), from);
    }
    pipeline_->publish();
  }

  // -- offsets

  void commit() {
    if (state_ == State::unassigned) {
      return;
    }
    for (const auto& [partition, offset] : pipeline_->take_done()) {
      to_commit_[partition] = offset;
    }
    note_ends();
    if (to_commit_.empty()) {
      return;
    }
    std::vector<kafka::TopicPartitionOffset> list;
    list.reserve(to_commit_.size());
    for (const auto& [partition, offset] : to_commit_) {
      list.push_back({{topic_, partition}, offset});
    }
    if (auto committed = consumer_->commit(list); !committed) {
      log::warn("commit_failed", {{"sink", spec_.name}, {"text", committed.error().message()}});
      return;  // again with the next one
    }
    for (const auto& [partition, offset] : to_commit_) {
      committed_[partition] = offset;
    }
    to_commit_.clear();
  }

  /// At an end with nothing under way, transaction markers and gaps before it are done as well.
  void note_ends() {
    if (at_end_.empty() || !carried_.empty() || !pipeline_->is_idle()) {
      return;
    }
    const auto positions = consumer_->positions();
    if (!positions) {
      return;
    }
    for (const auto& [at, offset] : *positions) {
      const auto known = committed_.find(at.partition);
      if (offset && at_end_.contains(at.partition) &&
          (known == committed_.end() || known->second < *offset)) {
        to_commit_[at.partition] = *offset;
      }
    }
  }

  void measure_lag() {
    if (state_ != State::reading) {
      return;
    }
    double behind = 0;
    for (const auto& [partition, offset] : next_) {
      if (at_end_.contains(partition)) {
        continue;
      }
      const auto marks = consumer_->watermarks({topic_, partition}, 500ms);
      if (!marks) {
        return;
      }
      const auto done = committed_.find(partition);
      const std::int64_t from = done == committed_.end() ? offset.value : done->second.value;
      behind += static_cast<double>(std::max<std::int64_t>(0, marks->high.value - from));
    }
    lag_.set(behind);
  }

  // -- idle

  bool is_done_for_good() {
    const bool is_idle = state_ == State::reading && carried_.empty() &&
                         at_end_.size() == owned_.size() && pipeline_->is_idle();
    const auto now = Steady::now();
    if (!is_idle) {
      idle_since_.reset();
      return false;
    }
    if (!idle_since_) {
      idle_since_ = now;
    }
    if (now - *idle_since_ < *options_.until_idle) {
      return false;
    }
    commit();
    if (others_are_done()) {
      return true;
    }
    idle_since_ = now;  // asks the broker no more often than this
    return false;
  }

  /// Whether other members, alive or not, have left nothing to do.
  bool others_are_done() {
    std::vector<kafka::TopicPartition> others;
    for (std::int32_t i = 0; i < partitions_; ++i) {
      if (!owned_.contains(kafka::Partition{i})) {
        others.push_back({topic_, kafka::Partition{i}});
      }
    }
    if (others.empty()) {
      return true;
    }
    const auto committed = consumer_->committed(others, kBrokerTimeout);
    if (!committed) {
      return false;
    }
    for (const auto& [at, offset] : *committed) {
      const auto marks = consumer_->watermarks(at, kBrokerTimeout);
      if (!marks || offset.value_or(marks->low) < marks->high) {
        return false;
      }
    }
    return true;
  }

  // -- end

  int fail(const Error& error) {
    log::error(
        "sink_failed",
        {{"sink", spec_.name}, {"errc", to_string(error.errc())}, {"text", error.message()}});
    return ExitCode::failed;
  }

  void shut_down() {
    if (state_ == State::reading && !pipeline_->trouble() && !pipeline_->failure()) {
      pipeline_->drain(kDrainOnStop);
    }
    commit();
    give_up_.request_stop();
    carried_.clear();
    companion_.reset();
    pipeline_.reset();  // the last messages go before their consumer
    consumer_->close();
    log::info("sink_stopped", {{"sink", spec_.name}});
  }

  void set_reason(std::string reason) {
    const std::scoped_lock lock{reason_mutex_};
    reason_ = std::move(reason);
  }

  void note_trouble() {
    auto trouble = pipeline_->trouble();
    const std::scoped_lock lock{reason_mutex_};
    trouble_ = std::move(trouble);
  }

  /// Called by the metrics server's thread.
  std::optional<std::string> unready() {
    const std::scoped_lock lock{reason_mutex_};
    if (!reason_.empty()) {
      return reason_;
    }
    return trouble_;
  }

  const SinkSpec& spec_;
  const Context& context_;
  const SinkRunOptions& options_;
  const std::string group_;
  const std::string topic_;
  std::stop_source give_up_;
  std::unique_ptr<Sink> control_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  SinkMetrics metrics_;
  Gauge& lag_;
  SystemClock clock_;

  std::int32_t partitions_ = 0;
  std::int32_t letter_partitions_ = 0;
  std::unique_ptr<DeadLetters> letters_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::deque<kafka::Message> carried_;  ///< polled, no room yet; bounded by what is fetched ahead
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<SinkCompanion> companion_;

  State state_ = State::unassigned;
  std::set<kafka::Partition> owned_;
  std::map<kafka::Partition, kafka::Offset> next_;  ///< next offset to add
  std::set<kafka::Partition> at_end_;
  std::map<kafka::Partition, kafka::Offset> to_commit_;
  std::map<kafka::Partition, kafka::Offset> committed_;
  Steady::time_point next_try_;
  Steady::time_point next_commit_;
  Steady::time_point next_lag_;
  std::optional<Steady::time_point> full_since_;
  std::optional<Steady::time_point> idle_since_;

  std::mutex reason_mutex_;
  std::string reason_ = "starting";
  std::optional<std::string> trouble_;
};

}  // namespace

int run_sink(const SinkSpec& spec, const Context& context, const SinkRunOptions& options) {
  return Loop{spec, context, options}.run();
}

}  // namespace freshet
