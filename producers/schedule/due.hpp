#pragma once

#include <optional>

#include "producers/run_state.hpp"
#include "producers/schedule/schedules.hpp"

// What a provider's schedule asks for next. Nothing here asks anybody; clocks are handed in.

namespace freshet {

/// A run that is due.
struct Due {
  std::optional<Day> day;           ///< that is read; nothing: everything
  std::optional<AgainPlace> again;  ///< its place in the plan of days that are read again
};

struct Next {
  std::optional<Due> due;  ///< now
  std::optional<UtcTime>
      at;  ///< when something will be, as far as is known now; nothing is due yet
};

/// How long a run that failed so many times in a row waits before it is tried again: 5 minutes,
/// doubled each time, a day at most.
std::chrono::milliseconds wait_after(int attempts);

/// In this order: the run that was interrupted, where it left off; the newest day, or everything
/// when its time has come; days that were missed, the newest first; days that are read again.
///
/// A run that failed holds back all others of its provider for its first three attempts, because
/// its place is kept only until another one begins.
/// @param last   state of the provider's last run; null: there was none
/// @param since  days from here on that were never read count as missed; nothing: those since the
///               first day that was read
Next next_run(const Schedule& schedule, const RunState* last, std::optional<Day> since,
              UtcTime now);

}  // namespace freshet
