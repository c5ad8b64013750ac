#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace freshet {

/// How long a batch may scan: a tenth of the time that it took so far when it holds live traffic,
/// half of the commit interval when the loop is idle, since a poll comes before each scan.
std::chrono::microseconds scan_time(bool is_idle, std::chrono::microseconds batch_so_far,
                                    std::chrono::milliseconds commit_interval);

/// When a loop commits, scans and saves, and how long it waits for records. It is told what was
/// done and when, and has no clock of its own.
///
/// @thread_safety  None of its own.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Millis = std::chrono::milliseconds;

  /// How long a poll waits while there is nothing to do.
  static constexpr Millis kIdleWait{100};
  // A save flushes what all partitions wrote, into files of its own: not for the few records that a
  // quiet stream brings in half a minute, which a restart reads again as fast.
  static constexpr std::chrono::seconds kSaveEvery{30};
  static constexpr std::chrono::minutes kSaveAtLeastEvery{10};
  static constexpr std::size_t kRecordsWorthASave = 100'000;

  /// @param interval  the longest time that a batch is gathered.
  Pace(Millis interval, Time now) : interval_{interval}, saved_at_{now} {}

  // ── A transaction.

  void begun(Time now) {
    began_at_ = now;
    commit_at_ = now + interval_;
  }
  /// The records of a poll were applied; the first ones set the time of the commit.
  void took(std::size_t records, bool are_first, Time now);
  void ended() { began_at_.reset(); }
  bool is_in_transaction() const { return began_at_.has_value(); }
  bool is_commit_due(Time now, bool is_full) const {
    return is_in_transaction() && (now >= commit_at_ || is_full);
  }
  /// How long the next poll may wait. @param is_scanning  there is background work.
  Millis poll_wait(Time now, bool is_scanning) const;
  /// How long the batch scans, now that it is about to be committed. @param is_idle  it took
  /// nothing.
  std::chrono::microseconds scan_time(Time now, bool is_idle) const;

  // ── Saves, one partition at a time.

  /// After a commit. @return whether a table is to be saved: the time counts from here then.
  bool take_save(Time now);

 private:
  Millis interval_;
  std::optional<Time> began_at_;
  Time commit_at_;
  Time saved_at_;
  std::size_t taken_since_save_ = 0;  ///< records
};

}  // namespace freshet
