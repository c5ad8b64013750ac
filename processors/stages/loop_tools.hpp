#pragma once

#include "core/metrics.hpp"
#include "core/record/envelope.hpp"
#include "processors/clean/cleaner.hpp"
#include "processors/stages/dedupe/counters.hpp"
#include "processors/stages/urls/counters.hpp"

namespace freshet {

/// What one loop lends to the stages of whatever partitions it has: parsers, which keep their
/// memory, and the loop's metrics.
///
/// @thread_safety  One thread.
struct LoopTools {
  LoopTools(Metrics& metrics, const Labels& labels)
      : dedupe{metrics, labels}, urls{metrics, labels} {}

  Cleaner cleaner;
  RawReader reader;
  DedupeCounters dedupe;
  UrlCounters urls;
};

}  // namespace freshet
