#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/totals.hpp"
#include "processors/registry.hpp"
#include "processors/stage.hpp"
#include "processors/state/stored_partition.hpp"

namespace freshet {

/// One partition of a stage, and which stage it is of.
struct PartitionStage {
  const StageSpec& spec;
  std::unique_ptr<Stage> stage;
};

/// All that a loop needs of the partitions of one number while it owns them.
struct PartitionState {
  /// All of the place outlives it, but `stored`, which is its own.
  /// @param specs  the stages that it has; outlive it.
  PartitionState(const Config& config, std::int32_t n, PartitionCounts counts, StateStore& state,
                 std::size_t table_bytes, std::span<const StageSpec> specs = stage_specs());

  /// The stage that takes records of an input. @pre there is one of this number.
  Stage& stage(Input input) { return *by_input_[index_of(input)]; }
  bool has_background_work() const;
  /// Hands sums to the stage that claims their kind. @return false: nobody knows the kind.
  bool restore_sums(std::string_view name, const Totals& sums);
  /// Makes a restart short, whatever ends this process: flushes all, and saves tables.
  void save();

  std::int32_t number;
  StoredPartition stored;
  /// In the order of the registry; without those that have no partition of this number.
  std::vector<PartitionStage> stages;
  bool loaded = false;  ///< what is kept in memory was built from disk, or began empty

 private:
  std::array<Stage*, kInputs.size()> by_input_{};
};

/// The partitions that are, or lately were, with this process. A loop borrows what the group gives
/// it, so that after a rebalance the table is still there, whichever loop of the process it is
/// with.
///
/// @thread_safety  All of it.
class PartitionStates {
 public:
  /// @param table_bytes  the limit of all tables together, were all partitions here; 0: no limit.
  PartitionStates(const Config& config, StateStore& state, PartitionCounts partitions,
                  std::size_t table_bytes)
      : config_{config},
        state_{state},
        partitions_{partitions},
        table_bytes_{table_bytes / static_cast<std::size_t>(partitions.works)} {}

  /// Nothing while another loop of this process still has it.
  std::unique_ptr<PartitionState> borrow(std::int32_t number);
  void give_back(std::unique_ptr<PartitionState> partition);
  /// Whether a loop of this process has it.
  bool is_borrowed(std::int32_t number) const;
  std::int32_t partitions() const { return partitions_.works; }
  /// Saves the tables of all that was given back, at a clean stop: the next start is short.
  void save();

 private:
  const Config& config_;
  StateStore& state_;
  PartitionCounts partitions_;
  std::size_t table_bytes_;  ///< of one partition
  mutable std::mutex mutex_;
  std::map<std::int32_t, std::unique_ptr<PartitionState>> idle_;
  std::set<std::int32_t> borrowed_;
};

}  // namespace freshet
