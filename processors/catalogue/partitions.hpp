#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "processors/catalogue/policy_rules.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/state_store.hpp"

namespace freshet {

/// All that a loop needs of one partition while it owns it.
struct PartitionState {
  PartitionState(std::int32_t n, std::int32_t partitions, StateStore& state)
      : number{n}, store{state.partition(n)}, dedupe{n, partitions, *store}, scan{*store} {}

  std::int32_t number;
  std::unique_ptr<PartitionStore> store;
  Dedupe dedupe;
  Scan scan;
  std::shared_ptr<const RuleSet> scanned_for;  ///< the rules whose scans were asked for
  ChangelogPositions positions;
  bool loaded = false;  ///< the table was built from disk, or began empty
};

/// The partitions that are, or lately were, with this process. A loop borrows what the group gives
/// it, so that after a rebalance the table is still there, whichever loop of the process it is
/// with.
///
/// @thread_safety  All of it.
class PartitionStates {
 public:
  PartitionStates(StateStore& state, std::int32_t partitions)
      : state_{state}, partitions_{partitions} {}

  /// Nothing while another loop of this process still has it.
  std::unique_ptr<PartitionState> borrow(std::int32_t number);
  void give_back(std::unique_ptr<PartitionState> partition);
  /// Whether a loop of this process has it.
  bool is_borrowed(std::int32_t number) const;
  std::int32_t partitions() const { return partitions_; }
  /// Saves the tables of all that was given back, at a clean stop: the next start is short.
  void save();

 private:
  StateStore& state_;
  std::int32_t partitions_;
  mutable std::mutex mutex_;
  std::map<std::int32_t, std::unique_ptr<PartitionState>> idle_;
  std::set<std::int32_t> borrowed_;
};

}  // namespace freshet
