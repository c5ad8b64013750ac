#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "core/config.hpp"
#include "core/kafka/message.hpp"
#include "core/time.hpp"
#include "core/totals.hpp"
#include "processors/input.hpp"
#include "processors/state/state_store.hpp"
#include "processors/state/stored_partition.hpp"

namespace freshet {

struct LoopTools;
struct RuleSet;
class StageOutput;

/// A record of a topic; views live as long as the call that it is handed to.
struct TopicRecord {
  kafka::Partition partition;
  kafka::Offset offset;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::optional<std::string_view> schema;  ///< header `schema`
  UtcTime appended;                        ///< the topic's timestamp: when the broker appended it

  static TopicRecord of(const kafka::Message& message);
};

/// A record of an input, with where it came from.
struct StageRecord : TopicRecord {
  Input input = Input::raw;
  const kafka::Message* message = nullptr;  ///< for the headers of a dead letter
};

/// What a batch works with.
struct StageBatch {
  UtcTime time;                          ///< the batch's one "now"
  std::shared_ptr<const RuleSet> rules;  ///< one state of policy for the whole batch
  LoopTools* tools = nullptr;            ///< of the loop that has the partition now
};

/// A batch that was committed to the topics.
struct CommittedBatch {
  std::int64_t now_ms = 0;  ///< not before any record of it was sent
  const NextOffsets& next;  ///< of the partition's inputs, where the batch committed any
};

/// What a loop shows of the stages of its partitions.
struct StageSizes {
  std::size_t works = 0;        ///< in tables
  std::size_t table_bytes = 0;  ///< of these tables
  std::size_t scan_jobs = 0;    ///< scans that wait or run
};

/// Called at least every 200 ms by whatever takes long; false: to be ended.
using KeepAlive = std::function<bool()>;

/// A topic from which a state is restored.
struct Changelog {
  /// Up to where: the end that it has when the restore begins, or only what an earlier owner of the
  /// partition has taken, because the topic is an input of the stage as well.
  enum class Until : std::uint8_t { end, taken };
  /// Those that come last are about what the others restore.
  enum class Turn : std::uint8_t { first, last };

  std::string_view topic;  ///< without prefix
  Until until = Until::end;
  Turn turn = Turn::first;
};

/// Where a stage works. All of it outlives the stage.
struct StagePlace {
  const Config& config;
  std::int32_t number;  ///< of the partition
  PartitionCounts counts;
  StateStore& state;
  StoredPartition& stored;
  std::size_t table_bytes;  ///< most that a table of this partition may take; 0: no limit
};

/// Bounds of a changelog as a restore found them: 0 <= target <= end.
struct ChangelogBounds {
  std::int64_t position = 0;  ///< the next offset that the state has yet to read
  std::int64_t target = 0;    ///< it is read up to here
  std::int64_t end = 0;       ///< the topic's high watermark
};

/// Work that no record asks for, done a slice at a time behind the live traffic.
class BackgroundWork {
 public:
  struct Slice {
    std::int64_t works = 0;    ///< visited
    std::int64_t written = 0;  ///< of these
  };

  BackgroundWork() = default;
  BackgroundWork(const BackgroundWork&) = delete;
  BackgroundWork& operator=(const BackgroundWork&) = delete;
  virtual ~BackgroundWork() = default;

  /// Looks for work that these rules ask for, and that is not yet asked for. Between batches, or at
  /// the begin of one. Cheap when nothing has changed.
  virtual void look_for_work(const std::shared_ptr<const RuleSet>& rules) = 0;
  virtual bool has_work() const = 0;
  /// Within a batch that was begun.
  /// @param has_time      asked before each step but the first.
  /// @param most_written  > 0: it ends when so many records were written.
  virtual Slice work(const std::function<bool()>& has_time, std::int64_t most_written,
                     StageOutput& output) = 0;
};

/// One partition of one stage: what it keeps, and what it makes of each record.
///
/// A batch, in these calls and no others:
/// ```
///   begin ─► apply …, work … ─► finish ─► append_totals ─► [broker commits] ─► store ─► commit
///      └────────────────────────────────────────────────────────────► rollback
/// ```
/// A partition takes part in a batch from its first record on; `begin` comes just before that.
/// Until the commit nothing of the batch may be on disk: it may be aborted, and all of its records
/// come again, perhaps to another process. Later records of a batch see what earlier ones did.
///
/// A restore, before the first batch of each owner, also where all is in memory still:
/// ```
///   load, unless loaded ─► begin_changelog … ─► restore …, write_restored, settle_restored …
///     ─► end_changelog … ─► end_restore
/// ```
/// Records of changelogs come in the order of their offsets, each at least once: one may be known
/// already, and must change nothing then.
///
/// It belongs to one loop at a time, and may go from one to another between two batches. It
/// outlives no argument of a call but those of its constructor, and `StageBatch::tools` and
/// `rules`, which live until the batch's `commit` or `rollback`.
///
/// @error WorkFailed from any call: the state on disk failed. The process ends; topics know all.
/// @thread_safety  One thread at a time.
class Stage {
 public:
  Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  virtual ~Stage() = default;

  // A batch.

  virtual void begin(const StageBatch& batch) = 0;
  /// @param record  of one of the stage's inputs, from this partition; gone after the call.
  /// @param output  of the same transaction; a dead letter names the record it is about.
  virtual void apply(const StageRecord& record, StageOutput& output) = 0;
  /// Sends what is sent once per batch, after the last record.
  virtual void finish(StageOutput& output) = 0;
  /// Adds the sums that the batch changed, including it. After `finish`.
  virtual void append_totals(EncodedSums& sums) const = 0;
  /// The transaction was committed: brings what is on disk there. Whatever of this a crash loses
  /// is in the topics. The partition's sums of this batch were kept before.
  virtual void store(const CommittedBatch& batch) = 0;
  /// After `store`: counts the batch and forgets it.
  virtual void commit() = 0;
  /// The batch never happened: everything is as before `begin`. Also without a `begin`.
  virtual void rollback() = 0;
  /// Lives as long as the stage; nullptr: it has none.
  virtual BackgroundWork* background() { return nullptr; }
  virtual void add_sizes(StageSizes&) const {}

  // Its state, and how it is restored. Changelogs are numbered as in the registry.

  /// Builds what is kept in memory from what is on disk. @return false when `keep_alive` said so:
  /// nothing is loaded then, and it is called again.
  virtual bool load(const KeepAlive& keep_alive) = 0;
  /// The state is of other topics, or too old to be brought on: forgets what the stage keeps of its
  /// own, also on disk, so that its positions are 0. Where records and sums of the partition are of
  /// other topics too, they were cleared before.
  virtual void forget() = 0;
  /// How far the state has come.
  virtual std::int64_t position(std::size_t changelog) const = 0;
  /// The greatest timestamp of a record below the position, in milliseconds, where it is kept: what
  /// lies at or behind the position is younger, or the topic is another one of the same name.
  virtual std::optional<std::int64_t> newest_read_ms(std::size_t changelog) const = 0;
  /// Sums of a kind that the stage claims, as last written. @param name  `kind:provider`.
  virtual void restore_totals(std::string_view name, const Totals& totals) = 0;
  /// What is about to be read. May have nothing to read: position and target are equal then.
  virtual void begin_changelog(std::size_t changelog, const ChangelogBounds& bounds) = 0;
  /// @param record  its views live until the next `write_restored`.
  virtual void restore(std::size_t changelog, const TopicRecord& record) = 0;
  /// Writes what was restored since the last call, with its positions, which may not be past it.
  virtual void write_restored() = 0;
  /// After `write_restored`: does what was put off meanwhile, before it takes too much memory.
  /// @return false when `keep_alive` said so.
  virtual bool settle_restored(const KeepAlive&) { return true; }
  /// The changelog was read to its target.
  virtual void end_changelog(std::size_t changelog, const ChangelogBounds& bounds) = 0;
  /// All changelogs were read. @return false when `keep_alive` said so: the restore begins again.
  virtual bool end_restore(const KeepAlive& keep_alive) = 0;
  /// Makes a restart short, whatever ends this process. Between batches, also after a restore that
  /// was ended early.
  virtual void save() = 0;
};

}  // namespace freshet
