#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/metrics.hpp"
#include "operate/lag.hpp"
#include "operate/source_runs.hpp"

namespace freshet {

/// Lag of all groups as metrics: what `freshet lag --serve` shows to Prometheus. It asks the broker
/// and no process, so it is true also for groups that are dead.
///
/// @thread_safety  One thread; the metrics may be read by others.
class LagExporter {
 public:
  explicit LagExporter(Metrics& metrics);

  /// @param groups  as measured just now
  void show(const std::vector<GroupLag>& groups, UtcTime now);
  void show_sources(const std::vector<SourceRun>& runs);
  /// The broker could not be asked: what was shown before stays, and `freshet_lag_up` is 0.
  void show_failure();

 private:
  void show_sum(const GroupLag& group, const std::string& topic, const LagSum& sum);
  void show_sources(const GroupLag& group);
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels);

  Metrics& metrics_;
  Gauge& up_;
  Gauge& measured_at_;
  /// Group and source of which something was unread once: shown as 0 when nothing is.
  std::set<std::pair<std::string, std::string>> sources_;
};

}  // namespace freshet
