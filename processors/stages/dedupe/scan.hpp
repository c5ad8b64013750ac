#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "processors/stage.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/state/record_store.hpp"

namespace freshet {

/// The batch that a slice of a scan is part of.
struct ScanBatch {
  Dedupe& dedupe;
  const Dedupe::Tools& tools;
  DedupeOutput& output;
};

/// What a scan does with each work of its range.
class ScanVisitor {
 public:
  ScanVisitor() = default;
  ScanVisitor(const ScanVisitor&) = delete;
  ScanVisitor& operator=(const ScanVisitor&) = delete;
  virtual ~ScanVisitor() = default;

  /// Whether a scan may go on where it was, after an abort or in another process. One that adds up
  /// what it sees cannot: it begins again at the start of its range.
  virtual bool resumes() const { return true; }
  /// Before the first work, also when it begins again.
  virtual void begin() {}
  /// @param stored  the record as committed; the batch may hold a newer one.
  /// @return whether a record was written.
  virtual bool visit(std::string_view key, std::string_view stored, ScanBatch& batch) = 0;
  /// After the last work, in the batch that visited it.
  virtual void finish(ScanBatch&) {}
};

/// A pass over all works whose keys begin with a prefix.
struct ScanJob {
  std::string name;    ///< one job of a name waits or runs at a time; a newer takes its place
  std::string prefix;  ///< `image:met:`; empty: all works
  /// Why: `17` for version 17 of a rule. A job is not begun when the last one of its name was
  /// finished for the same token, which is remembered on disk.
  std::string token;
  std::shared_ptr<ScanVisitor> visitor;  ///< of this job alone
};

/// The scans of one partition: a queue of jobs, run a slice at a time within the loop's batches,
/// behind live traffic. Progress counts once the batch is committed; an aborted slice is visited
/// again. Belongs to one loop at a time, like the partition.
class Scan {
 public:
  explicit Scan(ScanStore& store) : store_{store} {}

  /// Reads what was finished and how far the others came; forgets the queue. After each restore.
  void load();
  /// Puts a job at the end of the queue, unless one of its name and token waits, runs or is done.
  void request(ScanJob job);
  bool is_done(std::string_view name, std::string_view token) const;
  bool has_work() const { return !queue_.empty(); }
  std::size_t jobs() const { return queue_.size(); }

  using Slice = BackgroundWork::Slice;
  /// Records that a slice writes at most: they wait in memory for the commit.
  static constexpr std::int64_t kMostWritten = 4'000;
  /// Visits works until `has_time` says false (asked before each work but the first), so many were
  /// written, or nothing is left. The batch must have been begun.
  /// @param most_written  > 0; never more than `kMostWritten`.
  Slice run(const std::function<bool()>& has_time, ScanBatch& batch,
            std::int64_t most_written = kMostWritten);

  /// The batch was committed: progress is stored. Nothing to do where `run` was not called.
  void commit();
  /// The batch never happened.
  void rollback();

 private:
  struct Running {
    ScanJob job;
    std::string from;       ///< next key, as committed; empty: the start of the range
    std::string next_from;  ///< after this batch
    bool has_begun = false;
    bool is_over = false;  ///< at the end of this batch
  };
  void visit_job(Running& running, const std::function<bool()>& goes_on, ScanBatch& batch,
                 Slice& slice);

  ScanStore& store_;
  std::deque<Running> queue_;
  std::map<std::string, std::string, std::less<>> done_;  ///< token by name
  std::map<std::string, std::pair<std::string, std::string>, std::less<>> begun_;  ///< token, from
  bool in_slice_ = false;
};

/// Applies the rules in force to each work: writes those whose status or derived part changes.
class ReviewVisitor final : public ScanVisitor {
 public:
  bool visit(std::string_view key, std::string_view stored, ScanBatch& batch) override;
};

}  // namespace freshet
