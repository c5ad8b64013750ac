#pragma once

#include <string>

#include "core/metrics.hpp"
#include "processors/stage.hpp"

namespace freshet {

/// The metrics of one loop, but for those of the stages.
struct LoopCounters {
  LoopCounters(Metrics& metrics, const std::string& loop);

  void show(const StageSizes& sizes);

  Labels labels;
  Counter& aborts;
  Histogram& commit_seconds;
  Gauge& works;
  Gauge& table_bytes;
  Counter& scanned;
  Counter& scan_written;
  Counter& scan_seconds;
  Gauge& scan_jobs;
  Counter& sums_of_nobody;  ///< values on `media.totals.v1` of a kind that no step has
};

}  // namespace freshet
