#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/totals.hpp"
#include "operate/removals.hpp"

namespace freshet {

/// Works that a store shows as live.
struct LiveCounts {
  std::map<std::string, std::int64_t> by_media_type;  ///< `image`, `audio`
  std::map<std::string, std::int64_t> by_provider;

  std::int64_t total() const;
};

/// Everything that `freshet stats` knows: the sums of media.totals.v1 added over partitions, what
/// is still to be read, and what the stores hold.
struct Sums {
  std::map<std::string, Totals> processed;  ///< by provider, kind `process`
  std::map<std::string, Totals> produced;   ///< by provider, kind `produce`
  std::map<std::string, Totals> urls;       ///< by provider, kind `urls`
  std::optional<LiveCounts> postgres;       ///< nothing: not reachable, see notes
  std::optional<LiveCounts> elasticsearch;
  std::vector<HeldRemoval> removals_held;  ///< runs that wait for `decide approve-removal`
  std::vector<std::string> notes;          ///< why something is missing

  /// Adds the value that one record of media.totals.v1 holds.
  void add(const TotalsKey& key, const Totals& totals);
};

/// Sentences, one per sum that does not hold; empty when all agree:
/// * produced: listed = emitted + Σ dropped + Σ rejected
/// * processed: received = created + merged + unchanged + control + Σ dropped + Σ dead_lettered
/// * urls: claims received = claimed + released + Σ dead_lettered
/// * works that processing counts as live = live in each store that answered, per provider
/// A store that did not answer is a sentence, too: nothing can be said of it.
std::vector<std::string> find_disagreements(const Sums& sums);

std::string format_sums_table(const Sums& sums);
std::string format_sums_json(const Sums& sums);
/// One line of the whole: received, unchanged, live, and what has arrived in each store.
std::string format_sums_line(const Sums& sums);

}  // namespace freshet
