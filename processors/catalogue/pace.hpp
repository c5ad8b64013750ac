#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
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

  /// Background work is written in no greater bursts than that of such a time.
  static constexpr Millis kBurst{250};

  /// @param interval               the longest time that a batch is gathered.
  /// @param background_per_second  records that background work writes at most; 0: no limit.
  Pace(Millis interval, Time now, double background_per_second = 0)
      : interval_{interval},
        background_per_second_{background_per_second},
        background_paid_{now},
        saved_at_{now} {}

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

  // ── Background work: what is written behind the live traffic makes sinks late for it.

  /// How many records may be written now.
  std::int64_t background_room(Time now) const;
  void background_wrote(std::int64_t records, Time now);

  // ── Saves, one partition at a time.

  /// After a commit. @return whether a table is to be saved: the time counts from here then.
  bool take_save(Time now);

 private:
  Time background_counts_from(Time now) const;

  Millis interval_;
  double background_per_second_;
  Time background_paid_;  ///< up to when all that was written would have been written at that rate
  std::optional<Time> began_at_;
  Time commit_at_;
  Time saved_at_;
  std::size_t taken_since_save_ = 0;  ///< records
};

}  // namespace freshet
