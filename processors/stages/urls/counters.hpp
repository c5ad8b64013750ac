#pragma once

#include "core/metrics.hpp"
#include "processors/stages/urls/urls.hpp"

namespace freshet {

/// The metrics of stage `urls` in one loop.
class UrlCounters {
 public:
  UrlCounters(Metrics& metrics, const Labels& labels);

  /// What a committed batch did in one partition for one provider.
  void add(const UrlCounts& counted);

 private:
  Metrics& metrics_;
  Labels labels_;
  Counter& received_;
  Counter& verdicts_sent_;
};

}  // namespace freshet
