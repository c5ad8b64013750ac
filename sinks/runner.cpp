#include "sinks/runner.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/admin.hpp"
#include "core/kafka/consumer.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"
#include "core/work_rate.hpp"
#include "sinks/assignment.hpp"
#include "sinks/dead_letters.hpp"
#include "sinks/pipeline.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kPollTime = 100ms;
constexpr auto kCommitEvery = 1s;
constexpr auto kLagEvery = 10s;
constexpr auto kDrainOnRevoke = 5s;  ///< the group waits for us meanwhile
constexpr auto kDrainOnStop = 10s;
constexpr auto kTopicRetry = 1s;
constexpr auto kBrokerTimeout = 10s;
constexpr std::size_t kPollMost = 500;
constexpr std::size_t kFetchAheadKbytes = 16'384;

/// Performs what the assignment says, between group, pipeline and store.
class Loop {
 public:
  Loop(const SinkSpec& spec, const Context& context, const SinkRunOptions& options)
      : spec_{spec},
        context_{context},
        options_{options},
        name_{spec.role.what()},
        source_{context.config.kafka.prefixed(spec.role.name),
                context.config.kafka.prefixed(spec.role.topics.front())},
        member_{source_.group + "." + context.config.process.instance},
        control_{spec.make(context.config, source_, context.stop)},
        metrics_{context.metrics, name_},
        lag_{context.metrics.gauge("freshet_sink_lag_records",
                                   "Records between the offset that is done and the end",
                                   {{"sink", name_}})} {
    for (std::size_t i = 0; i < spec.writers; ++i) {
      sinks_.push_back(spec.make(context.config, source_, give_up_.get_token()));
    }
  }

  int run() {
    if (!check_start()) {
      return ExitCode::done;
    }
    MetricsServer server{context_.metrics, context_.config.metrics.listen};
    log::info("metrics_served", {{"address", server.address()}});
    server.add_component(std::string{spec_.role.name}, [this] { return unready(); });
    if (!await_topic()) {
      return ExitCode::done;
    }
    open();
    log::info("sink_started",
              {{"sink", name_}, {"group", source_.group}, {"topic", source_.topic}});
    const int code = work();
    shut_down();
    return code;
  }

 private:
  using State = Assignment::State;
  using Step = Assignment::Step;

  // -- start

  /// False: a stop was asked for, which also cuts off what is asked of the store.
  bool check_start() {
    kafka::Admin admin{context_.config.kafka};
    const auto reached = admin.reachable(kBrokerTimeout);
    const auto checked = reached ? control_->check() : reached;
    if (context_.stop.stop_requested()) {
      return false;
    }
    if (!reached) {
      throw StartupError{reached.error().message()};
    }
    if (checked) {
      return true;
    }
    const Error error = checked.error();
    // Never: a password or a right is wrong, which no waiting mends.
    if (error.errc() == Errc::unreachable || error.errc() == Errc::timed_out ||
        error.retry() == Retry::never) {
      throw StartupError{error.message()};
    }
    set_reason(error.message());
    log::warn("store_not_ready", {{"sink", name_}, {"text", error.message()}});
    return true;
  }

  /// False: a stop was asked for.
  bool await_topic() {
    kafka::Consumer reader{context_.config.kafka, {}};
    while (!context_.stop.stop_requested()) {
      const auto count = reader.partition_count(source_.topic, kBrokerTimeout);
      if (count) {
        partitions_ = *count;
        const auto letters = reader.partition_count(
            context_.config.kafka.prefixed(topics::kDeadLetter), kBrokerTimeout);
        letter_partitions_ = letters ? *letters : 0;
        return true;
      }
      set_reason(count.error().message());
      log::warn("topic_awaited", {{"topic", source_.topic}, {"text", count.error().message()}});
      if (wait_for_stop(context_.stop, kTopicRetry)) {
        return false;
      }
    }
    return false;
  }

  void open() {
    DeadLetters::Options letters;
    letters.step = spec_.role.name;
    letters.topic = spec_.role.topics.front();
    letters.partitions = letter_partitions_;
    letters_ = std::make_unique<DeadLetters>(context_.config.kafka, clock_, std::move(letters),
                                             give_up_.get_token());
    join();
    if (spec_.companion) {
      companion_ = spec_.companion(context_.config, context_.metrics, give_up_.get_token());
    }
  }

  void join() {
    kafka::ConsumerOptions options;
    options.group = source_.group;
    options.group_instance_id = member_;
    options.partition_end_events = true;
    options.queued_max_kbytes = kFetchAheadKbytes;
    consumer_ = std::make_unique<kafka::Consumer>(context_.config.kafka, options);
    pipeline_ = std::make_unique<Pipeline>(
        sinks_, [this](const Incoming& i, const Error& e) { return letters_->send(i, e); },
        [this] { return letters_->flush(); }, metrics_, clock_,
        Pipeline::Options{.limits = spec_.limits, .keep = spec_.keep, .refusals = spec_.refusals});
    set_reason("no partitions assigned yet");
    consumer_->subscribe({source_.topic}, {[this](const auto& given) { on_assigned(given); },
                                           [this](const auto&, bool lost) { on_revoked(lost); }});
  }

  /// Fenced: by our own former self, or by a process of the same name (Rejoins). False: the latter.
  bool rejoin(const Error& why) {
    if (!assignment_.rejoined(Steady::now())) {
      return false;
    }
    log::warn("member_fenced", {{"sink", name_}, {"member", member_}, {"text", why.message()}});
    set_reason("joins its group again");
    forget();
    {
      // Nothing else cuts writes off: a store that is frozen keeps them for two minutes.
      const std::stop_callback cut{context_.stop, [this] { give_up_.request_stop(); }};
      pipeline_.reset();  // waits for writes under way: their messages go before their consumer
    }
    consumer_->close();
    if (!wait_for_stop(context_.stop, kafka::Rejoins::kPause)) {
      log::info("group_rejoined", {{"sink", name_}, {"member", member_}});
    }
    join();
    return true;
  }

  // -- rebalances, called from within poll

  void on_assigned(const std::vector<kafka::TopicPartition>& given) {
    std::vector<kafka::Partition> partitions;
    partitions.reserve(given.size());
    for (const kafka::TopicPartition& one : given) {
      partitions.push_back(one.partition);
    }
    forget();
    assignment_.assigned(partitions, Steady::now());
    log::info("partitions_assigned", {{"sink", name_}, {"partitions", assignment_.owned().size()}});
  }

  void on_revoked(bool lost) {
    if (!lost && assignment_.state() != State::starting && !pipeline_->trouble()) {
      add_carried();
      pipeline_->drain(kDrainOnRevoke);
      commit();
    }
    forget();
    assignment_.revoked();
    set_reason("partitions are being handed over");
    log::info("partitions_revoked", {{"sink", name_}, {"lost", lost}});
  }

  /// What was polled and is not written: it is read again by whoever owns it then.
  void forget() {
    pipeline_->abandon();
    static_cast<void>(pipeline_->take_done());
    carried_.clear();
    done_.clear();
  }

  // -- to read on from where the store says

  void start() {
    const std::vector<kafka::Partition> partitions{assignment_.owned().begin(),
                                                   assignment_.owned().end()};
    std::optional<Error> why;
    Assignment::Offsets starts;
    if (auto checked = control_->check(); !checked) {
      why = checked.error();
    } else if (auto stored = control_->start_offsets(partitions); !stored) {
      why = stored.error();
    } else if (auto read = fill_from_group(starts = std::move(*stored), partitions); !read) {
      why = read.error();
    }
    if (why) {
      set_reason(why->message());
      delay_start(*why);
    } else {
      assign(std::move(starts));
    }
  }

  void delay_start(const Error& why) {
    assignment_.start_failed(Steady::now());
    log::warn("start_delayed", {{"sink", name_}, {"text", why.message()}});
  }

  Result<void> fill_from_group(Assignment::Offsets& starts,
                               const std::vector<kafka::Partition>& partitions) {
    std::vector<kafka::TopicPartition> missing;
    for (const kafka::Partition partition : partitions) {
      if (!starts.contains(partition)) {
        missing.push_back({source_.topic, partition});
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

  void assign(Assignment::Offsets next) {
    std::vector<kafka::TopicPartitionOffset> list;
    list.reserve(next.size());
    for (const auto& [partition, offset] : next) {
      // 0 may be gone by retention, which is no reason to complain.
      list.push_back(
          {{source_.topic, partition}, offset.value == 0 ? kafka::Consumer::kBeginning : offset});
    }
    if (auto assigned = consumer_->assign(list); !assigned) {
      delay_start(assigned.error());
      return;
    }
    done_ = next;
    assignment_.started(std::move(next));
    set_reason("");
  }

  // -- the loop

  int work() {
    while (!context_.stop.stop_requested()) {
      if (auto failure = pipeline_->failure()) {
        if (failure->errc() != Errc::fenced) {
          return fail(*failure);
        }
        log::warn("offsets_moved_by_another", {{"sink", name_}, {"text", failure->message()}});
        static_cast<void>(consumer_->unassign());
        forget();
        assignment_.restarted(Steady::now());
      }
      if (auto error = turn()) {
        if (error->errc() != Errc::fenced) {
          return fail(*error);
        }
        if (!rejoin(*error)) {
          return fail({Errc::fenced, Retry::never,
                       "another process works under the name " + member_ +
                           " (process.instance): " + error->message()});
        }
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
        log::info("sink_idle", {{"sink", name_}});
        return ExitCode::done;
      }
    }
    return ExitCode::done;
  }

  /// One step of the loop. @return why the sink cannot go on.
  std::optional<Error> turn() {
    add_carried();
    const std::size_t room = carried_.empty() ? pipeline_->room() : 0;
    const auto trouble = pipeline_->trouble();
    switch (assignment_.next_step(room, trouble.has_value(), Steady::now())) {
      case Step::start:
        start();
        return std::nullopt;
      case Step::read:
        return poll(std::min(room, kPollMost));
      case Step::await_room:
        pipeline_->wait_for_room(kPollTime);
        return std::nullopt;
      case Step::park:
        log::warn("reading_parked",
                  {{"sink", name_}, {"text", trouble.value_or("the store is slow")}});
        carried_.clear();
        static_cast<void>(consumer_->unassign());
        return std::nullopt;
      case Step::resume:
        log::info("reading_resumed", {{"sink", name_}});
        assign(assignment_.next_offsets());
        return std::nullopt;
      case Step::keep_alive:
        return poll(1);
    }
    return std::nullopt;
  }

  std::optional<Error> poll(std::size_t most) {
    auto polled = consumer_->poll(kPollTime, most);
    if (!polled) {
      Error error = polled.error();
      if (error.retry() == Retry::never) {
        return error;
      }
      log::warn("poll_failed", {{"sink", name_}, {"text", error.message()}});
      return std::nullopt;
    }
    if (assignment_.state() != State::reading) {
      return std::nullopt;  // of an assignment that ended within this call
    }
    for (kafka::Message& message : polled->messages) {
      assignment_.polled(message.partition());
      carried_.push_back(std::move(message));
    }
    add_carried();
    for (const kafka::TopicPartition& end : polled->ends) {
      assignment_.reached_end(end.partition);
    }
    return std::nullopt;
  }

  /// Hands over as much as there is room for; the rest waits.
  void add_carried() {
    while (!carried_.empty() && pipeline_->room() > 0) {
      kafka::Message message = std::move(carried_.front());
      carried_.pop_front();
      const auto from = assignment_.take(message.partition(), message.offset());
      if (!from) {
        continue;  // read again after a change of the assignment
      }
      Incoming incoming;
      incoming.record = {message.key().value_or(""), message.value().value_or(""),
                         message.header(schema_header::kName).value_or(""), message.partition(),
                         message.offset()};
      incoming.timestamp = message.timestamp();
      incoming.message = std::move(message);
      pipeline_->add(std::move(incoming), *from);
    }
    pipeline_->publish();
  }

  // -- offsets

  void commit() {
    if (assignment_.state() == State::unassigned) {
      return;
    }
    const auto done = pipeline_->take_done();
    for (const auto& [partition, offset] : done) {
      // Offsets, not records: the catalogue has a marker to hundreds of them.
      if (const auto before = done_.find(partition); before != done_.end()) {
        rate_.done(static_cast<std::size_t>(
            std::max<std::int64_t>(0, offset.value - before->second.value)));
      }
      done_[partition] = offset;
    }
    rate_.look(Steady::now(), !is_nothing_under_way());
    consumer_->set_commit_note(rate_.note(member_));
    assignment_.done(done);
    note_ends();
    std::vector<kafka::TopicPartitionOffset> list;
    for (const auto& [partition, offset] : assignment_.to_commit()) {
      list.push_back({{source_.topic, partition}, offset});
    }
    if (list.empty()) {
      return;
    }
    if (auto committed = consumer_->commit(list); !committed) {
      log::warn("commit_failed", {{"sink", name_}, {"text", committed.error().message()}});
      return;  // again with the next one
    }
    assignment_.committed();
  }

  bool is_nothing_under_way() const { return carried_.empty() && pipeline_->is_idle(); }

  void note_ends() {
    if (assignment_.ends().empty() || !is_nothing_under_way()) {
      return;
    }
    const auto positions = consumer_->positions();
    if (!positions) {
      return;
    }
    for (const auto& [at, offset] : *positions) {
      if (offset) {
        assignment_.stands_at(at.partition, *offset);
      }
    }
  }

  void measure_lag() {
    if (assignment_.state() != State::reading) {
      return;
    }
    double behind = 0;
    for (const auto& [partition, from] : assignment_.behind()) {
      const auto marks = consumer_->watermarks({source_.topic, partition}, 500ms);
      if (!marks) {
        return;
      }
      behind += static_cast<double>(std::max<std::int64_t>(0, marks->high.value - from.value));
    }
    lag_.set(behind);
  }

  // -- idle

  bool is_done_for_good() {
    if (!assignment_.is_idle(is_nothing_under_way(), *options_.until_idle, Steady::now())) {
      return false;
    }
    commit();
    return others_are_done();
  }

  /// Whether other members, alive or not, have left nothing to do.
  bool others_are_done() {
    std::vector<kafka::TopicPartition> others;
    for (std::int32_t i = 0; i < partitions_; ++i) {
      if (!assignment_.owned().contains(kafka::Partition{i})) {
        others.push_back({source_.topic, kafka::Partition{i}});
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
    log::error("sink_failed",
               {{"sink", name_}, {"errc", to_string(error.errc())}, {"text", error.message()}});
    return ExitCode::failed;
  }

  void shut_down() {
    if (assignment_.state() == State::reading && !pipeline_->trouble() && !pipeline_->failure()) {
      pipeline_->drain(kDrainOnStop);
    }
    commit();
    give_up_.request_stop();
    carried_.clear();
    companion_.reset();
    pipeline_.reset();  // the last messages go before their consumer
    consumer_->close();
    log::info("sink_stopped", {{"sink", name_}});
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
  const std::string name_;  ///< `postgres`
  const SinkSource source_;
  const std::string member_;
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

  Assignment assignment_;
  WorkRate rate_{Steady::now()};
  Assignment::Offsets done_;  ///< as last reported by the pipeline
  Steady::time_point next_commit_;
  Steady::time_point next_lag_;

  std::mutex reason_mutex_;
  std::string reason_ = "starting";
  std::optional<std::string> trouble_;
};

}  // namespace

int run_sink(const SinkSpec& spec, const Context& context, const SinkRunOptions& options) {
  return Loop{spec, context, options}.run();
}

}  // namespace freshet
