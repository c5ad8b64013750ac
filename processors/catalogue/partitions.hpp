#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "processors/catalogue/inputs.hpp"
#include "processors/catalogue/policy_rules.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/stages/urls/urls.hpp"
#include "processors/state_store.hpp"

namespace freshet {

/// What the partition of the URL claims with that number needs.
struct ClaimsState {
  ClaimsState(std::int32_t number, std::int32_t partitions, StateStore& state)
      : store{state.claims(number)}, urls{number, partitions, *store} {
    const ClaimsPosition stored = store->position();
    next = stored.next;
    urls.tell_all_below(stored.tell_all_below);
  }

  /// Writes what a committed batch changed, or what was restored, and where that ends.
  void write() { store->write(urls.changes(), {next, urls.tell_all_below()}); }

  std::unique_ptr<PartitionClaims> store;
  Urls urls;
  std::int64_t next = 0;  ///< offset of the topic of claims to be read next
};

/// All that a loop needs of the partitions of one number while it owns them.
struct PartitionState {
  /// @param table_bytes  the limit of the table; 0: none.
  PartitionState(std::int32_t n, PartitionCounts partitions, StateStore& state,
                 std::size_t table_bytes)
      : number{n}, store{state.partition(n)}, dedupe{n, partitions.works, *store}, scan{*store} {
    dedupe.table().limit(table_bytes);
    if (n < partitions.claims) {
      claims.emplace(n, partitions.claims, state);
    }
  }

  /// Sums of a commit, which lie below `positions.totals`.
  void keep_sums(const std::vector<std::pair<std::string, std::string>>& sums);
  /// Writes records, the sums that were kept since the last time, and the positions.
  void write(const std::vector<std::pair<std::string_view, std::string_view>>& records,
             RecordForm form);
  /// Makes a restart short, whatever ends this process: flushes all, and saves the table.
  void save();

  std::int32_t number;
  std::unique_ptr<PartitionStore> store;
  Dedupe dedupe;
  Scan scan;
  std::shared_ptr<const RuleSet> scanned_for;  ///< the rules whose scans were asked for
  ChangelogPositions positions;
  std::optional<ClaimsState> claims;  ///< nothing where there are fewer partitions of claims
  bool loaded = false;                ///< the table was built from disk, or began empty

 private:
  std::map<std::string, std::string> unwritten_sums_;
};

/// The partitions that are, or lately were, with this process. A loop borrows what the group gives
/// it, so that after a rebalance the table is still there, whichever loop of the process it is
/// with.
///
/// @thread_safety  All of it.
class PartitionStates {
 public:
  /// @param table_bytes  the limit of all tables together, were all partitions here; 0: none.
  PartitionStates(StateStore& state, PartitionCounts partitions, std::size_t table_bytes)
      : state_{state},
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
  StateStore& state_;
  PartitionCounts partitions_;
  std::size_t table_bytes_;  ///< of one partition
  mutable std::mutex mutex_;
  std::map<std::int32_t, std::unique_ptr<PartitionState>> idle_;
  std::set<std::int32_t> borrowed_;
};

}  // namespace freshet
