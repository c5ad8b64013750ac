#include "processors/stages/dedupe/run_count.hpp"

#include <memory>

namespace freshet {

void RunCountVisitor::begin() {
  known_ = 0;
  missing_ = 0;
}

bool RunCountVisitor::visit(std::string_view key, std::string_view stored, ScanBatch& batch) {
  const Dedupe::Presence presence = batch.dedupe.presence(key, stored, batch.tools.rules);
  if (presence.is_known) {
    ++known_;
    missing_ += presence.seen_at < started_at_ ? 1 : 0;
  }
  return false;
}

void RunCountVisitor::finish(ScanBatch& batch) {
  batch.dedupe.run_counted(scope_, started_at_, known_, missing_);
}

std::vector<ScanJob> run_counts_of(const PartitionSums& sums) {
  std::vector<ScanJob> jobs;
  for (const auto& [scope, started_at] : sums.uncounted_runs()) {
    jobs.push_back({.name = "run:" + scope,
                    .prefix = scope + ":",
                    .token = std::to_string(started_at.millis()),
                    .visitor = std::make_shared<RunCountVisitor>(scope, started_at)});
  }
  return jobs;
}

}  // namespace freshet
