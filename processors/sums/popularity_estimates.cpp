#include "processors/sums/popularity_estimates.hpp"

#include <algorithm>
#include <utility>

#include "processors/sums/popularity.hpp"

namespace freshet {

void CountedMetrics::count(std::string_view scope, double metric) {
  auto found = scopes.find(scope);
  if (found == scopes.end()) {
    found = scopes.emplace(std::string{scope}, Scope{}).first;
  }
  found->second.histogram.add(bucket_of(metric));
  ++found->second.works;
}

void CountedMetrics::add(const CountedMetrics& other) {
  for (const auto& [name, scope] : other.scopes) {
    Scope& sum = scopes[name];
    sum.histogram.add(scope.histogram);
    sum.works += scope.works;
  }
}

EstimatePool::Snapshot EstimatePool::snapshot() const {
  const std::lock_guard guard{mutex_};
  return counted_;
}

void EstimatePool::add(const CountedMetrics& batch) {
  if (batch.scopes.empty()) {
    return;
  }
  const std::lock_guard guard{mutex_};
  auto sum = std::make_shared<CountedMetrics>(*counted_);
  sum->add(batch);
  counted_ = std::move(sum);
}

void EstimatePool::forget(std::string_view scope) {
  const std::lock_guard guard{mutex_};
  if (counted_->scopes.contains(scope)) {
    auto rest = std::make_shared<CountedMetrics>(*counted_);
    rest->scopes.erase(rest->scopes.find(scope));
    counted_ = std::move(rest);
  }
}

void PopularityEstimates::begin() {
  batch_.scopes.clear();
  if (auto snapshot = pool_->snapshot(); snapshot != committed_) {
    committed_ = std::move(snapshot);
    guesses_.clear();
  }
}

void PopularityEstimates::commit() { pool_->add(std::exchange(batch_, {})); }

void PopularityEstimates::rollback() {
  batch_.scopes.clear();
  guesses_.clear();
}

void PopularityEstimates::count(std::string_view scope, double metric) {
  Guess& guess = guess_of(scope);
  guess.counted.histogram.add(bucket_of(metric));
  ++guess.counted.works;
  batch_.count(scope, metric);
}

void PopularityEstimates::forget(std::string_view scope) {
  pool_->forget(scope);
  committed_ = pool_->snapshot();
  if (const auto found = batch_.scopes.find(scope); found != batch_.scopes.end()) {
    batch_.scopes.erase(found);
  }
  guesses_.clear();
}

// What all loops committed, and the batch so far; `count` goes on from there.
PopularityEstimates::Guess& PopularityEstimates::guess_of(std::string_view scope) {
  auto found = guesses_.find(scope);
  if (found == guesses_.end()) {
    found = guesses_.emplace(std::string{scope}, Guess{}).first;
    if (const auto known = committed_->scopes.find(scope); known != committed_->scopes.end()) {
      found->second.counted = known->second;
    }
    if (const auto counted = batch_.scopes.find(scope); counted != batch_.scopes.end()) {
      found->second.counted.histogram.add(counted->second.histogram);
      found->second.counted.works += counted->second.works;
    }
  }
  return found->second;
}

std::optional<double> PopularityEstimates::constant(std::string_view scope, double percentile,
                                                    std::optional<double> known,
                                                    std::int64_t known_works) {
  Guess& guess = guess_of(scope);
  // Half of what policy rests on, or less, is no better than policy: see `Aggregate`.
  if (known && guess.counted.works / 2 <= known_works) {
    return known;
  }
  if (guess.counted.works >= guess.next_look) {
    guess.next_look = guess.counted.works + guess.counted.works / 8 + 1;
    if (const auto value = guess.counted.histogram.percentile(percentile)) {
      guess.constant = popularity_constant(percentile, *value);
    }
  }
  return guess.constant ? guess.constant : known;
}

}  // namespace freshet
