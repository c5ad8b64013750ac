#pragma once

#include "core/metrics.hpp"
#include "processors/stages/dedupe/batch_counts.hpp"

namespace freshet {

/// The metrics of stage `dedupe` in one loop.
class DedupeCounters {
 public:
  DedupeCounters(Metrics& metrics, const Labels& labels);

  /// What a committed batch did in one partition for one provider.
  void add(const BatchCounts& counted);

 private:
  Metrics& metrics_;
  Labels labels_;
  Counter& received_;
  Counter& forwarded_;
  Counter& unchanged_;
  Counter& control_;
  Counter& claims_made_;
  Counter& claims_released_;
};

}  // namespace freshet
