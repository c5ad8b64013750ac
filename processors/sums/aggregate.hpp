#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy.hpp"
#include "processors/sums/partition_sums.hpp"
#include "processors/sums/popularity.hpp"

namespace freshet {

/// A run that would remove more than this share of the works that a source is known to have waits
/// for somebody's approval.
inline constexpr double kMostRemovedUnasked = 0.2;
/// A percentile that moves by no more than this share is not published again.
inline constexpr double kLeastMove = 0.02;

/// What policy should say, and does not.
struct PolicyAnswer {
  std::string key;
  PolicyRule rule;
  std::string why;
};

/// What is to be said of a run that is counted in every partition.
/// @return nothing when `rule` has settled it, or holds it already.
std::optional<RemovalRule> judge_run(const RemovalRule& rule, const RunCount& sum);

/// Whether a percentile has moved so far that works are to be scored anew.
bool has_moved(double published, double value);
/// Whether so few works were counted for a percentile that a loop may know more by itself, see
/// `PopularityEstimates`.
bool rests_on_few(std::int64_t published_works, std::int64_t works);

/// The sums of all partitions, added: what `PartitionSums` counts in each of them.
///
/// Answers depend on nothing but the newest value of each key of `media.totals.v1` and on what
/// policy says, so that reading again, and two of these at a time, change nothing.
class Aggregate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Metrics = std::map<std::string, PopularityMetric>;  ///< by scope

  /// How long the sums of a provider rest before its percentile is looked at. A load that does not
  /// rest is looked at too: soon at first, since all that comes is scored by what is known by then,
  /// and after each look twice as late, since its works double meanwhile. What is said then is
  /// provisional, until such a look is a minute after the last one: most works would be scored anew
  /// by each, and are by one.
  static constexpr std::chrono::milliseconds kRest{1'000};
  static constexpr std::chrono::milliseconds kFirstLook{250};
  static constexpr std::chrono::seconds kPatience{60};

  Aggregate(std::int32_t partitions, Metrics metrics);

  /// A record of `media.totals.v1`. Sums of other steps are ignored.
  void take(std::string_view key, std::string_view value, Time now);

  /// What policy does not say yet. Ask only when every partition was read to its end: percentiles
  /// of a part of the works are no percentiles. `policy` must know what was answered before.
  std::vector<PolicyAnswer> answers(const Policy& policy, Time now);

  /// No sums wait to be looked at.
  bool is_at_rest() const { return moved_.empty(); }
  /// Added over partitions; nothing unless all of them have counted the same run.
  std::optional<RunCount> run(std::string_view scope) const;
  ValueHistogram histogram(std::string_view scope);

 private:
  struct Unread {
    std::uint64_t number = 0;  ///< of the record, as they came
    std::string value;
  };
  void restore(const TotalsKey& at, std::string_view value);
  void read_unread(std::string_view scope);
  void answer_popularity(const Policy& policy, Time now, std::vector<PolicyAnswer>& out);
  std::optional<PolicyAnswer> popularity_of(const std::string& scope, const Policy& policy,
                                            bool is_provisional);
  void answer_runs(const Policy& policy, std::vector<PolicyAnswer>& out) const;

  Metrics metrics_;
  std::vector<PartitionSums> partitions_;
  /// Histograms not read since they came, by scope and key.
  std::map<std::string, std::map<std::string, Unread>, std::less<>> unread_;
  std::uint64_t taken_ = 0;
  std::map<std::string, Time, std::less<>> moved_;  ///< scopes not looked at since, by when
  /// When a scope was last looked at (or, before that, first asked of), and how long a load waits.
  struct Look {
    Time at;
    std::chrono::milliseconds wait = kFirstLook;
  };
  std::map<std::string, Look, std::less<>> looks_;  ///< by scope
  std::map<std::string, bool, std::less<>> runs_;   ///< scopes with runs
};

}  // namespace freshet
