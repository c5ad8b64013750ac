#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/metrics.hpp"
#include "sinks/batch.hpp"
#include "sinks/progress.hpp"
#include "sinks/sink.hpp"
#include "sinks/write_loop.hpp"

namespace freshet {

/// Whether all dead letters that were handed over are acknowledged.
struct Flushed {
  std::optional<Error> error;  ///< nothing: they are
  /// With an error: some were given up, so all that are not known to be acknowledged must be sent
  /// again. False: they are under way, and a later flush waits for them.
  bool is_lost = false;
};

/// Hands a dead letter over. @error it was not taken.
using SendDeadLetter = std::function<Result<void>(const Incoming&, const Error&)>;
/// Waits until those that were handed over are acknowledged, but only for some time.
using FlushDeadLetters = std::function<Flushed()>;

/// Counters of one sink. A record that is received is written, dropped (stale, too old, superseded
/// by a newer record of the batch, or abandoned in a rebalance and read again), or dead-lettered.
struct SinkMetrics {
  SinkMetrics(Metrics& metrics, const std::string& sink);

  void dead_lettered(Errc errc);
  void left_out(const LeftOut& value);

  Counter& received;
  Counter& forwarded;
  Counter& stale;
  Counter& too_old;
  Counter& superseded;
  Counter& abandoned;
  Counter& retries;
  Counter& splits;
  Histogram& write_duration;
  Histogram& freshness;  ///< from the broker's time of a batch's oldest record until it is written

 private:
  Metrics& metrics_;
  std::string sink_;
};

/// Between the loop that reads and the writers: one batch is filled while others are written.
///
/// ```
///   loop ──add──► filling batch ──► writer 1 ──► Sink 1
///                               └─► writer 2 ──► Sink 2      fewer of them after a refusal
/// ```
/// A batch closes when a writer takes it, so it is small while the store is quick and full while
/// the store is slow. Memory is bounded: one batch that is filled, and one per writer. `add` may be
/// called only while there is room. Sinks and `send` must outlive the pipeline; its destructor
/// waits for the writes under way.
///
/// @thread_safety  All members by one thread, the loop's. Writers are the pipeline's own threads;
///                 they call `send` and `flush` one at a time.
class Pipeline {
 public:
  struct Options {
    BatchLimits limits{};
    BackOffTimes back_off{};
    Keep keep = Keep::newest_of_each_key;
    Refusals refusals = Refusals::mean_the_schema;
  };

  Pipeline(std::vector<std::unique_ptr<Sink>>& sinks, SendDeadLetter send, FlushDeadLetters flush,
           SinkMetrics& metrics, const Clock& clock, Options options);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Number of records that may be added now.
  std::size_t room() const;
  /// Waits until there is room or `timeout` has passed; whether there is.
  bool wait_for_room(std::chrono::milliseconds timeout);
  /// Adds a record. Only the next `publish` wakes a writer, which then finds all records of a poll.
  /// @param from  where the record's partition stood before it: the next offset as last known.
  void add(Incoming incoming, kafka::Offset from);
  void publish();

  /// Nothing is filled or written.
  bool is_idle() const;
  /// Waits until it is idle, a batch has to be tried again, or `timeout` has passed.
  bool drain(std::chrono::milliseconds timeout);
  /// Next offsets that became done since the last call.
  std::map<kafka::Partition, kafka::Offset> take_done();
  /// Forgets all batches. Those under way end with their present attempt, and do not count any
  /// more.
  void abandon();
  /// Why the writers stopped; they take no batch until `abandon` is called.
  std::optional<Error> failure() const;
  /// Why the last attempt to write failed; nothing once an attempt succeeds.
  std::optional<std::string> trouble() const;

 private:
  struct Aside;
  struct Shared;
  void write_batches(Sink& sink);

  std::unique_ptr<Shared> shared_;
  std::vector<std::jthread> writers_;
};

}  // namespace freshet
