#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "core/totals.hpp"
#include "processors/sums/histogram.hpp"

namespace freshet {

/// Media type and provider, as in front of the keys of its works: `image:met`. The unit of every
/// sum here.
std::string_view scope_of(std::string_view work_key) noexcept;

/// How the newest full run of a provider ended in one partition, and what was missing in it then.
/// On `media.totals.v1` it is kind `run.<media_type>`: `started_ms`, `known`, `missing`, `counted`
/// (0 or 1) and `refused_ms`.
struct RunCount {
  UtcTime started_at;        ///< of the run; 0: there was none yet
  std::int64_t known = 0;    ///< works that the source was known to have
  std::int64_t missing = 0;  ///< of these not seen since `started_at`
  bool is_counted = false;
  /// Newest sighting of a *known* work that was refused: the source has the work still. A run that
  /// began before that does not remove by itself.
  UtcTime refused_at;

  Totals to_totals() const;
  static RunCount from_totals(const Totals& totals);
  friend bool operator==(const RunCount&, const RunCount&) = default;
};

/// Sums of one partition that are added up over all partitions elsewhere: histograms of the metric
/// by which popularity is measured, and works missing from finished runs. They change with the
/// batch that changes the works, and lie on `media.totals.v1` in its transaction.
///
/// A batch's changes are kept apart until `commit`; `rollback` forgets them.
class PartitionSums {
 public:
  static bool is_ours(std::string_view kind) noexcept;
  /// Takes sums back at a restore, each as last written.
  /// @return false: of no kind that is known here.
  bool restore(std::string_view kind, std::string_view provider, const Totals& totals);

  /// What is counted of a scope; empty: nothing. Where it is not what should be, the works that are
  /// there were never counted: `begin_count`, then `count_work` for each, outside of any batch. All
  /// of it is sent with the next batch, so a crash before that begins the counting again.
  std::string_view metric(std::string_view scope) const;
  void begin_count(std::string_view scope, std::string_view metric);
  void count_work(std::string_view scope, double value);
  std::vector<std::string> counted_scopes() const;

  /// A work's metric changed. Either may be nothing.
  void change_metric(std::string_view scope, std::optional<double> before,
                     std::optional<double> after);
  /// A full run ended. @return false when it, or a later one, is known.
  bool run_finished(std::string_view scope, UtcTime started_at);
  /// What was found; ignored when a later run has ended meanwhile.
  void run_counted(std::string_view scope, UtcTime started_at, std::int64_t known,
                   std::int64_t missing);
  void known_work_refused(std::string_view scope, UtcTime at);

  /// Sums that the batch changed, including it: `kind:provider` and the value on the topic.
  void append_changed(std::vector<std::pair<std::string, std::string>>& out) const;
  void commit();
  void rollback();

  /// Runs whose works are yet to be counted, by scope: committed ones only.
  const std::map<std::string, UtcTime>& uncounted_runs() const { return uncounted_; }
  /// Committed.
  std::optional<RunCount> run(std::string_view scope) const;
  const ValueHistogram* histogram(std::string_view scope) const;

 private:
  struct Metric {
    std::string name;
    ValueHistogram histogram;
  };
  RunCount& batch_run(std::string_view scope);
  void set_run(const std::string& scope, const RunCount& count);

  std::map<std::string, Metric, std::less<>> metrics_;
  std::map<std::string, RunCount, std::less<>> runs_;
  std::map<std::string, UtcTime> uncounted_;
  std::set<std::string, std::less<>> unsent_;  ///< scopes counted outside of batches

  // Of the batch.
  std::map<std::string, std::map<BucketIndex, std::int64_t>, std::less<>> metric_changes_;
  std::map<std::string, RunCount, std::less<>> run_changes_;
};

/// Reads a chunk of a histogram as it stands on the topic, kind `popularity.<media_type>.<chunk>`:
/// `{"<metric>":{"<bucket in the chunk>":works,…}}`, bucket 0 always among them, so that the name
/// says of what even where all counts are 0. `{}`: no longer counted.
/// @param chunk   its number, from the kind.
/// @param metric  set to the name of what was counted; left where the value is `{}`.
/// @return false when it is no such chunk.
bool add_chunk(ValueHistogram& histogram, std::uint32_t chunk, const Totals& totals,
               std::string& metric);

/// The parts of a kind of these sums: `run.image` has no chunk.
struct SumKind {
  bool is_run = false;
  std::string media_type;
  std::uint32_t chunk = 0;
};
std::optional<SumKind> parse_sum_kind(std::string_view kind);

}  // namespace freshet
