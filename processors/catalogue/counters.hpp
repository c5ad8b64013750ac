#pragma once

#include <string>

#include "core/metrics.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/stages/urls/urls.hpp"

namespace freshet {

/// The metrics of one loop.
struct LoopCounters {
  LoopCounters(Metrics& metrics, const std::string& loop);

  /// What a committed batch did in one partition for one provider.
  void add(const BatchCounts& counted);
  void add(const UrlCounts& counted);

  Metrics& metrics;
  Labels labels;
  Counter& received;
  Counter& forwarded;
  Counter& unchanged;
  Counter& control;
  Counter& claims_made;
  Counter& claims_released;
  Counter& claims_received;
  Counter& verdicts_sent;
  Counter& aborts;
  Histogram& commit_seconds;
  Gauge& works;
  Gauge& table_bytes;
  Counter& scanned;
  Counter& scan_written;
  Counter& scan_seconds;
  Gauge& scan_jobs;

 private:
  void add_reasons(const char* name, const char* help, const char* label,
                   const std::map<std::string, std::int64_t, std::less<>>& reasons);
};

}  // namespace freshet
