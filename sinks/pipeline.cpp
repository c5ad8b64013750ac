#include "sinks/pipeline.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "core/log.hpp"
#include "sinks/breaker.hpp"

namespace freshet {
namespace {

constexpr std::size_t kSuccessesPerWriter = 20;  // before a further writer may work again

std::string name(std::string_view what) { return "freshet_sink_" + std::string{what}; }

}  // namespace

SinkMetrics::SinkMetrics(Metrics& metrics, const std::string& sink)
    : received{metrics.counter(name("records_received_total"), "Records read from the topic",
                               {{"sink", sink}})},
      forwarded{metrics.counter(name("records_forwarded_total"), "Records written to the store",
                                {{"sink", sink}})},
      stale{metrics.counter(name("records_dropped_total"), "Records that were not to be written",
                            {{"sink", sink}, {"reason", "stale"}})},
      too_old{metrics.counter(name("records_dropped_total"), "Records that were not to be written",
                              {{"sink", sink}, {"reason", "too_old"}})},
      superseded{metrics.counter(name("records_dropped_total"),
                                 "Records that were not to be written",
                                 {{"sink", sink}, {"reason", "superseded"}})},
      abandoned{metrics.counter(name("records_dropped_total"),
                                "Records that were not to be written",
                                {{"sink", sink}, {"reason", "abandoned"}})},
      retries{metrics.counter(name("write_retries_total"), "Writes that had to be tried again",
                              {{"sink", sink}})},
      splits{metrics.counter(name("batch_splits_total"),
                             "Batches halved to find what the store refused", {{"sink", sink}})},
      write_duration{metrics.histogram(name("write_duration_seconds"),
                                       "Time from a batch's first attempt until it was done",
                                       {{"sink", sink}})},
      freshness{metrics.histogram(name("freshness_seconds"),
                                  "Age of a batch's oldest record when it was done",
                                  {{"sink", sink}})},
      metrics_{metrics},
      sink_{sink} {}

void SinkMetrics::dead_lettered(Errc errc) {
  metrics_
      .counter(name("records_dead_lettered_total"), "Records put aside whole",
               {{"sink", sink_}, {"errc", std::string{to_string(errc)}}})
      .add();
}

void SinkMetrics::left_out(const LeftOut& value) {
  metrics_
      .counter(
          name("values_left_out_total"),
          "Values outside the record contract that were not written; their records were",
          {{"sink", sink_}, {"field", std::string{value.field}}, {"rule", std::string{value.rule}}})
      .add();
}

/// What the loop and the writers share, all of it under `mutex` but the constants and what is under
/// `aside_mutex`.
struct Pipeline::Shared {
  Shared(SendDeadLetter s, FlushDeadLetters f, SinkMetrics& m, const Clock& c, Options o)
      : send{std::move(s)}, flush{std::move(f)}, metrics{m}, clock{c}, options{o} {}

  SendDeadLetter send;
  FlushDeadLetters flush;
  SinkMetrics& metrics;
  const Clock& clock;
  Options options;

  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_ptr<Batch> filling = std::make_unique<Batch>();
  ProgressTracker progress;
  std::uint64_t epoch = 0;  ///< grows when all batches are forgotten
  std::size_t writing = 0;
  std::size_t writers = 0;
  std::size_t allowed = 0;  ///< writers that may work at the same time
  std::size_t successes = 0;
  std::optional<Error> failure;
  std::optional<std::string> trouble;
  RefusalBreaker breaker;

  /// What became of a dead letter that was handed over.
  enum class Letter { under_way, safe };
  using Place = std::pair<kafka::Partition, kafka::Offset>;

  std::mutex aside_mutex;  ///< of send, flush, breaker and letters
  /// Of all batches that are being written: one flush is for the letters of each of them.
  std::map<std::pair<const Aside*, Place>, Letter> letters;

  bool may_write() const { return !failure && writing < allowed && !filling->is_empty(); }

  void note_trouble(const Error& why) {
    const std::scoped_lock lock{mutex};
    trouble = why.message();
    successes = 0;
    // A store that refuses is asked by one writer less, down to one.
    allowed = std::max<std::size_t>(1, allowed - 1);
  }

  void note_success() {
    trouble.reset();
    if (allowed < writers && ++successes >= kSuccessesPerWriter) {
      successes = 0;
      ++allowed;
    }
  }
};

/// The dead letters of one batch, each sent once however often the batch is tried: again only when
/// it was given up.
struct Pipeline::Aside final : PutAside {
  using Place = Shared::Place;

  Aside(Shared& s, const Batch& b) : shared{s}, batch{b} {}
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  ~Aside() override {
    const std::scoped_lock lock{shared.aside_mutex};
    std::erase_if(shared.letters, [this](const auto& one) { return one.first.first == this; });
  }

  Result<void> put(const SinkBatch& sent, std::span<const Rejected> rejected) override {
    std::vector<const Rejected*> fresh;
    std::size_t by_store = 0;
    std::size_t by_encoder = 0;
    for (const Rejected& one : rejected) {
      if (one.error.retry() != Retry::never || done.contains(place(sent, one))) {
        continue;
      }
      fresh.push_back(&one);
      ++(one.by == RefusedBy::store ? by_store : by_encoder);
    }
    if (fresh.empty()) {
      return {};
    }
    const std::scoped_lock lock{shared.aside_mutex};
    if (shared.options.refusals == Refusals::mean_the_schema && !is_judged && by_store > 0) {
      if (auto stop = shared.breaker.judge(sent.records.size() - by_encoder, by_store)) {
        return *stop;
      }
      is_judged = true;
    }
    const Result<void> handed_over = send(sent, fresh);
    // Also after a failure: until it is flushed, whoever delivers refuses everything.
    const Flushed flushed = shared.flush();
    note(flushed);
    for (const Rejected* one : fresh) {
      const auto letter = shared.letters.find({this, place(sent, *one)});
      if (letter != shared.letters.end() && letter->second == Shared::Letter::safe &&
          done.insert(place(sent, *one)).second) {
        shared.metrics.dead_lettered(one->error.errc());
      }
    }
    if (flushed.error) {
      return *flushed.error;
    }
    return handed_over;
  }

 private:
  /// Hands over what is neither safe nor under way.
  Result<void> send(const SinkBatch& sent, std::span<const Rejected* const> fresh) {
    for (const Rejected* one : fresh) {
      const Place at = place(sent, *one);
      if (shared.letters.contains({this, at})) {
        continue;
      }
      if (auto result = shared.send(batch.at(at.first, at.second), one->error); !result) {
        return result;
      }
      shared.letters.emplace(std::pair{this, at}, Shared::Letter::under_way);
    }
    return {};
  }

  void note(const Flushed& flushed) {
    if (!flushed.error) {
      for (auto& [owner, letter] : shared.letters) {
        letter = Shared::Letter::safe;
      }
    } else if (flushed.is_lost) {
      std::erase_if(shared.letters,
                    [](const auto& one) { return one.second == Shared::Letter::under_way; });
    }
  }

  static Place place(const SinkBatch& sent, const Rejected& one) {
    const SinkRecord& record = sent.records[one.index];
    return {record.partition, record.offset};
  }

  Shared& shared;
  const Batch& batch;

 public:
  std::set<Place> done;

 private:
  bool is_judged = false;
};

Pipeline::Pipeline(std::vector<std::unique_ptr<Sink>>& sinks, SendDeadLetter send,
                   FlushDeadLetters flush, SinkMetrics& metrics, const Clock& clock,
                   Options options)
    : shared_{
          std::make_unique<Shared>(std::move(send), std::move(flush), metrics, clock, options)} {
  shared_->writers = shared_->allowed = sinks.size();
  for (const auto& sink : sinks) {
    writers_.emplace_back([this, &sink = *sink](const std::stop_token& stop) {
      std::unique_lock lock{shared_->mutex};
      while (shared_->changed.wait(lock, stop, [this] { return shared_->may_write(); }),
             !stop.stop_requested()) {
        lock.unlock();
        write_batches(sink);
        lock.lock();
      }
    });
  }
}

Pipeline::~Pipeline() {
  abandon();
  for (std::jthread& writer : writers_) {
    writer.request_stop();
  }
  writers_.clear();
}

std::size_t Pipeline::room() const {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->filling->room(shared_->options.limits, shared_->clock.now());
}

bool Pipeline::wait_for_room(std::chrono::milliseconds timeout) {
  std::unique_lock lock{shared_->mutex};
  return shared_->changed.wait_for(lock, timeout, [this] {
    return shared_->filling->room(shared_->options.limits, shared_->clock.now()) > 0;
  });
}

void Pipeline::add(Incoming incoming, kafka::Offset from) {
  {
    const std::scoped_lock lock{shared_->mutex};
    shared_->filling->add(std::move(incoming), from);
  }
  shared_->metrics.received.add();
}

void Pipeline::publish() { shared_->changed.notify_all(); }

bool Pipeline::is_idle() const {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->filling->is_empty() && shared_->progress.is_idle();
}

bool Pipeline::drain(std::chrono::milliseconds timeout) {
  std::unique_lock lock{shared_->mutex};
  const auto is_over = [this] {
    return shared_->filling->is_empty() && shared_->progress.is_idle();
  };
  shared_->changed.wait_for(lock, timeout, [&] {
    return is_over() || shared_->failure.has_value() || shared_->trouble.has_value();
  });
  return is_over();
}

std::map<kafka::Partition, kafka::Offset> Pipeline::take_done() {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->progress.take_done();
}

void Pipeline::abandon() {
  {
    const std::scoped_lock lock{shared_->mutex};
    ++shared_->epoch;
    shared_->metrics.abandoned.add(static_cast<double>(shared_->filling->size()));
    shared_->filling = std::make_unique<Batch>();
    shared_->progress.clear();
    shared_->failure.reset();
  }
  shared_->changed.notify_all();
}

std::optional<Error> Pipeline::failure() const {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->failure;
}

std::optional<std::string> Pipeline::trouble() const {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->trouble;
}

void Pipeline::write_batches(Sink& sink) {
  Shared& shared = *shared_;
  std::unique_lock lock{shared.mutex};
  if (!shared.may_write()) {
    return;  // another writer was quicker
  }
  const std::unique_ptr<Batch> batch = std::exchange(shared.filling, std::make_unique<Batch>());
  const ProgressTracker::Ticket ticket = shared.progress.begin(batch->progress());
  const std::uint64_t epoch = shared.epoch;
  ++shared.writing;
  lock.unlock();
  shared.changed.notify_all();

  const std::vector<SinkRecord> records = batch->kept(shared.options.keep);
  Aside aside{shared, *batch};
  static thread_local std::minstd_rand random{std::random_device{}()};
  const BackOff back_off = [&](const Error& why, std::size_t attempts) {
    shared.metrics.retries.add();
    shared.note_trouble(why);
    shared.changed.notify_all();
    const auto wait = shared.options.back_off.wait_after(
        attempts, std::uniform_real_distribution<>{0, 1}(random));
    log::warn("batch_retried", {{"records", records.size()},
                                {"attempts", attempts},
                                {"wait_ms", wait.count()},
                                {"errc", to_string(why.errc())},
                                {"text", why.message()}});
    std::unique_lock waiting{shared.mutex};
    return !shared.changed.wait_for(waiting, wait, [&] { return shared.epoch != epoch; });
  };
  const auto started = std::chrono::steady_clock::now();
  // The loop waits for this thread: whatever it meets is to be told, and not to end the process.
  const auto result = [&]() -> Result<WriteSummary> {
    try {
      return write_until_done(sink, records, batch->progress(), aside, back_off);
    } catch (const std::exception& error) {
      return Error{Errc::unspecified, Retry::never, error.what()};
    }
  }();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;

  SinkMetrics& metrics = shared.metrics;
  if (result) {
    if (result->written + result->stale > 0) {
      const std::scoped_lock breaker_lock{shared.aside_mutex};
      static_cast<void>(shared.breaker.judge(records.size(), 0));  // something was accepted
    }
    metrics.forwarded.add(static_cast<double>(result->written));
    metrics.stale.add(static_cast<double>(result->stale));
    metrics.too_old.add(static_cast<double>(result->too_old));
    metrics.superseded.add(static_cast<double>(batch->size() - records.size()));
    metrics.splits.add(static_cast<double>(result->splits));
    for (const LeftOut& value : result->left_out) {
      metrics.left_out(value);
    }
    metrics.write_duration.observe(took.count());
    metrics.freshness.observe(
        std::chrono::duration<double>(shared.clock.now() - batch->oldest()).count());
  }
  lock.lock();
  --shared.writing;
  if (result) {
    shared.note_success();
    shared.progress.finish(ticket);
  } else {
    metrics.abandoned.add(static_cast<double>(batch->size() - aside.done.size()));
    if (epoch == shared.epoch) {
      shared.failure = result.error();
    }
  }
  lock.unlock();
  shared.changed.notify_all();
}

}  // namespace freshet
