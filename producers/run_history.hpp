#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "producers/day_set.hpp"
#include "producers/run_watch.hpp"

namespace freshet {

/// A place in a plan of days that are read again: which week's plan, and how many of its days are
/// done.
struct AgainPlace {
  Day week = 0;  ///< the Sunday on which it began
  std::int64_t next = 0;

  bool operator==(const AgainPlace&) const = default;
};

/// Runs that failed, one after the other, for the same day or for everything.
struct Setback {
  std::optional<Day> day;  ///< nothing: everything was to be read
  int attempts = 0;
  UtcTime last_at;
};

/// What the runs of a provider hand on to one another: what schedules go by, and what later runs
/// are measured by.
struct RunHistory {
  std::vector<PastRun> recent;      ///< the last five of each kind that came to their end
  DaySet days;                      ///< read to their end
  std::optional<UtcTime> whole_at;  ///< when the last run began that read everything to its end
  std::vector<Setback> setbacks;    ///< a hundred at most
  std::optional<AgainPlace> again;  ///< of the plan of days that are read again

  const Setback* setback(std::optional<Day> day) const;

  json::object to_json() const;
  static RunHistory from_json(const json::value& value);
};

enum class RunEnding {
  read,     ///< everything that it was to read
  cut,      ///< at a limit that was asked for
  stopped,  ///< it goes on where it was
  failed,
};

/// Takes a run down that ended.
/// @param day    that it read; nothing: everything
/// @param again  its place in a plan: done, however it ended, unless it was stopped
void note_run(RunHistory& history, RunKind kind, std::optional<Day> day,
              std::optional<AgainPlace> again, UtcTime started_at, UtcTime ended_at,
              RunEnding ending);

}  // namespace freshet
