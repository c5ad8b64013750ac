#pragma once

#include <chrono>
#include <string>

#include "core/totals.hpp"

namespace freshet {

/// A line on standard error that is written over itself, at most twice a second; nothing where
/// standard error is no terminal.
class Progress {
 public:
  explicit Progress(std::string command);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// @param counts  of the run: pages, emitted, dropped.*, rejected.*
  /// @param errors  batches skipped
  void update(const Totals& counts, int errors);

 private:
  using Time = std::chrono::steady_clock::time_point;

  std::string command_;
  bool is_terminal_;
  Time started_at_;
  Time shown_at_{};
  std::int64_t emitted_before_ = -1;  ///< of an interrupted run that is resumed: not our speed
};

/// `jamendo  12 pages  2,400 records  312/s  1 dropped  0 rejected  0 errors`
std::string progress_line(const std::string& command, const Totals& counts, int errors,
                          double records_per_second);

}  // namespace freshet
