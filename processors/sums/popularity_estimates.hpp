#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "processors/sums/histogram.hpp"

namespace freshet {

/// Metrics of works, by scope (`image:flickr`).
struct CountedMetrics {
  struct Scope {
    ValueHistogram histogram;
    std::int64_t works = 0;
  };
  std::map<std::string, Scope, std::less<>> scopes;

  void count(std::string_view scope, double metric);
  void add(const CountedMetrics& other);
};

/// What all loops of a process have counted in committed batches.
///
/// @thread_safety  All of it; each loop asks once per batch.
class EstimatePool {
 public:
  using Snapshot = std::shared_ptr<const CountedMetrics>;

  Snapshot snapshot() const;
  void add(const CountedMetrics& batch);
  void forget(std::string_view scope);

 private:
  mutable std::mutex mutex_;
  Snapshot counted_ = std::make_shared<const CountedMetrics>();
};

/// What a process can say of popularity constants before anybody has added up all partitions.
///
/// A first load writes tens of thousands of works a second, and the first constant over all
/// partitions is in policy half a second later. Works that are scored meanwhile by a poor constant
/// are written twice. So a process counts the metrics of the works that are new to it, and its
/// loops score by their percentile where that rests on more than twice the works that policy, or
/// the shipped prior, rests on.
///
/// It is a guess, not a sum: what is counted is works that have come since the process began, so it
/// is never more than there are, and `Aggregate` publishes a constant anew as soon as there are
/// more than twice as many works as it rests on. So when nothing is left to do, policy rests on
/// half of all works or more, and no loop uses a guess.
///
/// @thread_safety  One thread, the loop's.
class PopularityEstimates {
 public:
  /// Fewer works than this say nothing.
  static constexpr std::int64_t kLeastCounted = 8;

  PopularityEstimates() = default;
  /// @param pool  outlives it; without one it knows what it has counted itself.
  explicit PopularityEstimates(EstimatePool& pool) : pool_{&pool} {}

  // ── A batch: what was committed counts, what was not comes again.
  void begin();
  void commit();
  void rollback();

  /// A work of this scope has come to have this metric.
  void count(std::string_view scope, double metric);
  /// A work of this scope has lost its metric: how many of those counted are left is not known.
  void forget(std::string_view scope);

  /// @param known        the constant in force; nothing: there is none.
  /// @param known_works  how many works that one rests on.
  std::optional<double> constant(std::string_view scope, double percentile,
                                 std::optional<double> known, std::int64_t known_works);

 private:
  /// The process's count of one scope as far as this loop knows it, the batch included.
  struct Guess {
    CountedMetrics::Scope counted;
    std::int64_t next_look = kLeastCounted;  ///< a percentile costs microseconds
    std::optional<double> constant;
  };
  Guess& guess_of(std::string_view scope);

  EstimatePool own_;
  EstimatePool* pool_ = &own_;
  EstimatePool::Snapshot committed_ = pool_->snapshot();
  CountedMetrics batch_;
  std::map<std::string, Guess, std::less<>> guesses_;
};

}  // namespace freshet
