#pragma once

#include "core/metrics.hpp"
#include "core/record/envelope.hpp"
#include "processors/clean/cleaner.hpp"
#include "processors/stages/dedupe/counters.hpp"
#include "processors/stages/urls/counters.hpp"
#include "processors/sums/popularity_estimates.hpp"

namespace freshet {

/// What one loop lends to the stages of whatever partitions it has: parsers, which keep their
/// memory, and the loop's metrics.
///
/// @thread_safety  One thread.
struct LoopTools {
  LoopTools(Metrics& metrics, const Labels& labels, EstimatePool& pool)
      : estimates{pool}, dedupe{metrics, labels}, urls{metrics, labels} {}

  Cleaner cleaner;
  RawReader reader;
  PopularityEstimates estimates;
  DedupeCounters dedupe;
  UrlCounters urls;
};

}  // namespace freshet
