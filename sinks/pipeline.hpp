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

/// Takes the dead letters of a batch to where they are safe.
using SendDeadLetter = std::function<Result<void>(const Incoming&, const Error&)>;
using FlushDeadLetters = std::function<Result<void>()>;

/// Counters of one sink; what is received is written, dropped (stale, superseded by a newer record
/// of the batch, abandoned in a rebalance and read again) or dead-lettered.
struct SinkMetrics {
  SinkMetrics(Metrics& metrics, const std::string& sink);

  void dead_lettered(Errc errc);

  Counter& received;
  Counter& forwarded;
  Counter& stale;
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
/// A batch closes when a writer takes it, so it is small while the store is quick and full while it
/// is slow. Bounded: one filling batch and one per writer; `add` may be called only while there is
/// room. Sinks and `send` must outlive it; its end waits for the writes under way.
///
/// @thread_safety  All members by one thread, the loop's. Writers are threads of its own, and call
///                 `send` and `flush` one at a time.
class Pipeline {
 public:
  struct Options {
    BatchLimits limits;
    BackOffTimes back_off;
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
  /// Adds a record; a writer is woken by the next `publish`, so that it finds all of a poll.
  /// @param from  where the record's partition stood before it: the next offset as last known.
  void add(Incoming incoming, kafka::Offset from);
  void publish();

  /// Nothing is filled or written.
  bool is_idle() const;
  /// Waits until it is idle, a batch has to be tried again, or `timeout` has passed.
  bool drain(std::chrono::milliseconds timeout);
  /// Next offsets that became done since the last call.
  std::map<kafka::Partition, kafka::Offset> take_done();
  /// Forgets all batches: those under way end with their present attempt, and count no more.
  void abandon();
  /// Why the writers ended; they take no batch any more until `abandon`.
  std::optional<Error> failure() const;
  /// Why the last attempt to write did not work; nothing once one has.
  std::optional<std::string> trouble() const;

 private:
  struct Aside;
  struct Shared;
  void write_batches(Sink& sink);

  std::unique_ptr<Shared> shared_;
  std::vector<std::jthread> writers_;
};

}  // namespace freshet
