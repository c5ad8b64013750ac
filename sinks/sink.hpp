#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/kafka/types.hpp"
#include "core/record/fields.hpp"
#include "core/result.hpp"

namespace freshet {

/// One record of its topic as a sink is given it. The views live as long as the batch.
struct SinkRecord {
  std::string_view key;
  std::string_view value;
  std::string_view schema;  ///< the record's header of that name; empty: none
  kafka::Partition partition;
  kafka::Offset offset;
};

/// Which records of a batch are written.
enum class Keep {
  newest_of_each_key,  ///< each record says all of its key
  all,                 ///< each is an event of its own; a repeat must find them written
};

/// What is at fault when the store refuses many records that the encoder let pass.
enum class Refusals {
  mean_the_schema,   ///< a mapping or a column does not fit: the sink stops (`RefusalBreaker`)
  mean_the_records,  ///< strangers write the topic, and may send any number of bad ones: each is
                     ///< put aside, and the sink goes on
};

/// How far a batch takes one partition: from where the batch before it ended, to where reading goes
/// on.
struct PartitionProgress {
  kafka::Partition partition;
  kafka::Offset from;
  kafka::Offset next;
  friend bool operator==(const PartitionProgress&, const PartitionProgress&) = default;
};

/// Records for one write.
struct SinkBatch {
  /// The newest of each key, in ascending order of their keys; of a sink with `Keep::all` every
  /// one, in the order of its partition.
  std::span<const SinkRecord> records;
  /// How far the batch takes its partitions, also those of which it has no record left. Only a sink
  /// that keeps the offsets in its store looks at this.
  std::span<const PartitionProgress> progress;
};

enum class RefusedBy { encoder, store };

/// One record that was not written, and why. `Retry::never`: the record is at fault. Otherwise the
/// store would not take it now, and it is to be sent again.
struct Rejected {
  std::size_t index = 0;  ///< counts from 0 into the records of the batch
  Error error;
  /// `store`: our encoder had let it pass, so the encoder or the store's schema is at fault too.
  RefusedBy by = RefusedBy::encoder;
};

/// How a batch went: `written + stale + too_old + rejected.size()` is its number of records.
struct WriteReport {
  std::size_t written = 0;
  std::size_t stale = 0;    ///< the store already had this revision or a newer one
  std::size_t too_old = 0;  ///< of a time that the store does not keep any more
  std::vector<Rejected> rejected;
  std::size_t splits = 0;  ///< how often a batch was halved to find what the store refused
  /// Values outside the record contract: these were not written, but their records were.
  std::vector<LeftOut> left_out;
};

/// Takes records that can never be written. It is called before the store is told that the batch is
/// done. A second call for the same record of a batch does nothing, so a write may be tried again.
class PutAside {
 public:
  PutAside() = default;
  PutAside(const PutAside&) = delete;
  PutAside& operator=(const PutAside&) = delete;
  virtual ~PutAside() = default;

  /// Rejections that may pass later (Retry::after_backoff) are left alone.
  /// @return once the dead letters are acknowledged.
  /// @error  Retry::after_backoff: they are not safe yet, so the batch must not be finished.
  ///         Retry::never: so many at once that the records cannot be at fault; the sink has to
  ///         stop.
  virtual Result<void> put(const SinkBatch& batch, std::span<const Rejected> rejected) = 0;
};

/// A view of one topic: turns batches of its records into idempotent writes to one store.
///
/// Any batch may be written again, and in any order: writes of the catalogue are guarded by the
/// record's revision, others by what identifies the record. It is made before its runner and must
/// outlive it. Its constructor does not fail because the store is away.
///
/// @thread_safety  One thread at a time. Several sinks of one kind may write at the same time.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// Writes a batch, or finds out which of its records can be written.
  ///
  /// @error  Retry::after_backoff: the whole batch is to be tried again; whatever was written
  ///         meanwhile is harmless. Errc::fenced: another process moved our offsets; everything in
  ///         memory is out of date. Retry::never otherwise: the sink cannot work at all.
  virtual Result<WriteReport> write(const SinkBatch& batch, PutAside& aside) = 0;

  /// Where to begin reading: the store's own offsets, where it keeps them. A partition that is not
  /// among them is read from the consumer group's offset, else from the beginning.
  /// @error  as `write`.
  virtual Result<std::map<kafka::Partition, kafka::Offset>> start_offsets(
      std::span<const kafka::Partition> partitions) = 0;

  /// Asks the store whether it can be written to.
  /// @error  Errc::unreachable or timed_out: nobody answers. Others: it answers and lacks
  ///         something, such as its table or index; the text says what.
  virtual Result<void> check() = 0;
};

/// What a sink keeps in its store besides the view of its topic. It works by itself as long as it
/// lives.
class SinkCompanion {
 public:
  SinkCompanion() = default;
  SinkCompanion(const SinkCompanion&) = delete;
  SinkCompanion& operator=(const SinkCompanion&) = delete;
  virtual ~SinkCompanion() = default;
  /// Whether the store has everything that was said so far.
  virtual bool is_done() const = 0;
};

}  // namespace freshet
