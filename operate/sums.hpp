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

/// One store of the catalogue.
struct StoreSums {
  std::string name;                ///< `postgres`, as in its sink's role
  std::string title;               ///< `PostgreSQL`
  std::optional<LiveCounts> live;  ///< nothing: not reachable, see notes
};

/// How far a consumer group is in a topic, in offsets (which are not records) over all partitions.
struct ReaderSums {
  std::string group;
  std::string topic;  ///< both without prefix
  std::int64_t done = 0;
  std::int64_t end = 0;
};

/// Everything that `freshet stats` knows: the sums of media.totals.v1 added over partitions, what
/// is still to be read, and what the stores hold.
struct Sums {
  std::map<std::string, Totals> processed;  ///< by provider, kind `process`
  std::map<std::string, Totals> produced;   ///< by provider, kind `produce`
  std::map<std::string, Totals> extracted;  ///< by provider, kind `extract`
  std::map<std::string, Totals> urls;       ///< by provider, kind `urls`
  std::vector<StoreSums> stores;
  std::vector<ReaderSums> readers;
  std::vector<HeldRemoval> removals_held;  ///< runs that wait for `decide approve-removal`
  std::vector<std::string> notes;          ///< why something is missing

  /// Adds the value that one record of media.totals.v1 holds. Sums of a kind that no role keeps are
  /// a note.
  void add(const TotalsKey& key, const Totals& totals);
};

/// Sentences, one per sum that does not hold; empty when all agree:
/// * produced: listed = emitted + Σ dropped + Σ rejected
/// * extracted: received = extracted + Σ dropped + Σ dead_lettered
/// * processed: received = created + merged + unchanged + control + Σ dropped + Σ dead_lettered
/// * urls: claims received = claimed + released + Σ dead_lettered
/// * works that processing counts as live = live in each store that answered, per provider For a
/// store that did not answer there is a sentence, too.
std::vector<std::string> find_disagreements(const Sums& sums);

std::string format_sums_table(const Sums& sums);
std::string format_sums_json(const Sums& sums);
/// One line of the whole: received, unchanged, live, and what has arrived in each store.
std::string format_sums_line(const Sums& sums);

}  // namespace freshet
