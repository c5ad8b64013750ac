#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/totals.hpp"
#include "processors/state/changelog_position.hpp"
#include "processors/state/claim_store.hpp"
#include "processors/state/hot_table.hpp"
#include "processors/state/record_store.hpp"

namespace freshet {

/// How a record is handed over for writing: what reads it gets JSON always.
enum class RecordForm { json, packed };

/// The records, sums and changelog positions of one partition on disk. Sums and positions change
/// together and after the records of their commit: at a crash a position may be missing whose
/// records are there, never the other way round, and reading these again changes nothing.
class PartitionStore : public RecordStore, public ScanStore {
 public:
  /// Nothing stored: an empty partition, or one that was never here.
  virtual std::optional<ChangelogPositions> positions() = 0;
  /// By `kind:provider`.
  virtual std::map<std::string, Totals> totals() = 0;
  virtual void write(const std::vector<std::pair<std::string_view, std::string_view>>& records,
                     RecordForm form,
                     const std::vector<std::pair<std::string, std::string>>& totals,
                     const ChangelogPositions& positions) = 0;
  /// Makes what was written survive a crash.
  virtual void flush() = 0;
  /// Writes the table of the state at `positions` beside the records, which are flushed first: a
  /// restart then reads 24 bytes a work, not every record, and the changelogs from there.
  virtual void save_table(const HotTable& table, const ChangelogPositions& positions) = 0;
  /// Fills an empty table from the last `save_table`. @return the positions that it stands for;
  /// nothing, and an empty table, when there is none or it is damaged.
  virtual std::optional<ChangelogPositions> load_table(HotTable& table) = 0;
  /// Forgets everything.
  virtual void clear() = 0;
};

/// What the records of a process take on disk, in files apart from their keys.
struct RecordFiles {
  std::uint64_t bytes = 0;
  /// Of these: earlier forms of changed records, as far as merges have met them.
  std::uint64_t garbage_bytes = 0;
};

/// Of the files of records the share, the oldest first, that merges empty where so much is garbage:
/// nothing while there is little, since nearly all that would be moved is alive.
double share_to_collect(const RecordFiles& files) noexcept;

/// The state of a process: one RocksDB without a write-ahead log, because the topics are the log.
/// All its partitions share two column families, one of records and one of claims.
///
/// @thread_safety  `partition` and the stores of different partitions: any threads.
class StateStore {
 public:
  /// Opens or creates `directory`. A state that is damaged or of another version is renamed to
  /// `<directory>.aside-<time>` and begun anew, with one line in the log.
  /// @error StartupError when another process holds it or it cannot be written.
  StateStore(const std::filesystem::path& directory, UtcTime now);
  ~StateStore();
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;

  std::unique_ptr<PartitionStore> partition(std::int32_t number);
  /// The claims of the partition of that number of the topic of claims.
  std::unique_ptr<PartitionClaims> claims(std::int32_t number);
  const std::filesystem::path& directory() const;

  /// Sees to it that merges collect as much garbage as there is reason to: to be called every few
  /// seconds, by one thread. @return what it found.
  RecordFiles tend();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
