#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "core/totals.hpp"

namespace freshet {

/// Lines on standard error, one per run, that are written over themselves, at most twice a second;
/// nothing where standard error is no terminal.
/// @thread_safety  All of it.
class Progress {
 public:
  /// @param commands  of the runs, in the order of their lines
  explicit Progress(std::vector<std::string> commands);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// @param counts  of the run: pages, emitted, dropped.*, rejected.*
  /// @param errors  batches skipped
  void update(const std::string& command, const Totals& counts, int errors);
  /// The run is over: its line says so.
  /// @param outcome  `finished`, `failed`
  void ended(const std::string& command, std::string_view outcome);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Line {
    std::string command;
    Time started_at;
    std::int64_t emitted_before = -1;  ///< of an interrupted run that is resumed: not our speed
    std::string text;
    std::string outcome;
  };
  Line* find(const std::string& command);
  void show();

  bool is_terminal_;
  std::mutex mutex_;
  std::vector<Line> lines_;
  Time shown_at_{};
};

/// `jamendo  12 pages  2,400 records  312/s  1 dropped  0 rejected  0 errors`
std::string progress_line(const std::string& command, const Totals& counts, int errors,
                          double records_per_second);

}  // namespace freshet
