#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/kafka/message.hpp"
#include "core/time.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// When a batch is full. It may pass `bytes` by one record.
struct BatchLimits {
  std::size_t records = 1'000;
  std::size_t bytes = 2U << 20U;
  /// Records while the oldest of them is younger than a second; twice as many for each time that
  /// its age doubles from there on, up to `records`. 0: `records`, however young they are.
  ///
  /// Records that are written together wait for one another: of a store that is asked by documents,
  /// a thousand of them are late together, and a node that is cold takes seconds. More at once pays
  /// when there is a backlog, and only then.
  std::size_t fresh_records = 0;

  /// How many records a batch may hold whose oldest is of this age.
  std::size_t records_at(std::chrono::milliseconds age) const;
};

/// A consumed record and what keeps its bytes alive.
struct Incoming {
  SinkRecord record;
  UtcTime timestamp;
  std::optional<kafka::Message> message;  ///< nothing in tests, where the views are literals
};

/// Records that are written together, and the offsets up to which they take their partitions.
///
/// @thread_safety  One thread at a time: the loop hands it to a writer.
class Batch {
 public:
  /// Adds the next record of its partition.
  /// @param from  where the batch before this one ended; only the first of a partition counts.
  void add(Incoming incoming, kafka::Offset from);

  bool is_empty() const { return incoming_.empty(); }
  /// How many more records it may hold.
  std::size_t room(const BatchLimits& limits, UtcTime now) const;
  std::size_t size() const { return incoming_.size(); }
  std::size_t bytes() const { return bytes_; }
  const std::vector<PartitionProgress>& progress() const { return progress_; }
  UtcTime oldest() const { return oldest_; }
  /// The record that came at an offset, with its message. It must be in the batch.
  const Incoming& at(kafka::Partition partition, kafka::Offset offset) const;

  /// The newest record of each key, in ascending order of keys: Postgres refuses an upsert that
  /// meets a row twice, and rows locked in one order cannot deadlock with another writer. Or all,
  /// as they came.
  std::vector<SinkRecord> kept(Keep keep) const;

 private:
  std::vector<Incoming> incoming_;
  std::vector<PartitionProgress> progress_;
  std::size_t bytes_ = 0;
  UtcTime oldest_;
};

}  // namespace freshet
