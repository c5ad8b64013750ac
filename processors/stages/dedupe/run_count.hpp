#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "processors/stages/dedupe/scan.hpp"
#include "processors/sums/partition_sums.hpp"

namespace freshet {

/// Counts, of one provider's works in a partition, those that its source is known to have and those
/// that a full run no longer saw. The result is in the batch that visits the last of them; a count
/// that is interrupted begins again.
class RunCountVisitor final : public ScanVisitor {
 public:
  RunCountVisitor(std::string scope, UtcTime started_at)
      : scope_{std::move(scope)}, started_at_{started_at} {}

  bool resumes() const override { return false; }
  void begin() override;
  bool visit(std::string_view key, std::string_view stored, ScanBatch& batch) override;
  void finish(ScanBatch& batch) override;

 private:
  std::string scope_;
  UtcTime started_at_;
  std::int64_t known_ = 0;
  std::int64_t missing_ = 0;
};

/// The scans that count what is yet to be counted. Cheap to ask: mostly there is nothing.
std::vector<ScanJob> run_counts_of(const PartitionSums& sums);

}  // namespace freshet
