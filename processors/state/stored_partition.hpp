#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "processors/state/state_store.hpp"

namespace freshet {

/// Sums as they stand on `media.totals.v1`: `kind:provider`, and the value.
using EncodedSums = std::vector<std::pair<std::string, std::string>>;

/// The records and sums of one partition on disk, with the positions that they stand for: these
/// reach the disk together, so stages share this.
///
/// Belongs to one loop at a time, like the partition.
class StoredPartition {
 public:
  explicit StoredPartition(std::unique_ptr<PartitionStore> store) : store_{std::move(store)} {}

  PartitionStore& store() { return *store_; }
  ChangelogPositions& positions() { return positions_; }
  const ChangelogPositions& positions() const { return positions_; }

  /// Sums that lie below `positions().totals`; they are written with the next `write`.
  void keep_sums(EncodedSums sums);
  /// Writes records, the sums that were kept since the last time, and the positions.
  void write(const std::vector<std::pair<std::string_view, std::string_view>>& records,
             RecordForm form);
  /// Writes what was kept, if anything was.
  void write_kept_sums();
  /// Forgets everything, also on disk.
  void clear();

 private:
  std::unique_ptr<PartitionStore> store_;
  ChangelogPositions positions_;
  std::map<std::string, std::string> unwritten_sums_;
};

}  // namespace freshet
