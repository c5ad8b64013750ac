#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "producers/day_set.hpp"

namespace freshet {

/// How often a provider is run.
enum class Every { daily, weekly, monthly, quarterly };
std::string_view to_string(Every every) noexcept;

/// When a provider is run; an entry of schemas/schedules.json.
struct Schedule {
  std::string provider;  ///< its command
  Every every = Every::monthly;
  int day = 1;               ///< of the month, for monthly and quarterly
  bool by_day = false;       ///< a run reads one day; else everything
  std::optional<Day> start;  ///< no earlier day is caught up
  std::chrono::milliseconds time_limit{};
  /// Days that are read again every week: how many days before the plan's own day, which is the one
  /// before its Sunday. Empty: none are.
  std::vector<Day> again;
  std::chrono::milliseconds again_time_limit{};
};

/// The entries of schemas/schedules.json; a fault in it is ours.
const std::vector<Schedule>& schedules();
/// Null: the provider has none.
const Schedule* find_schedule(std::string_view provider);
/// @error Errc::invalid_value, which names entry and member.
Result<std::vector<Schedule>> parse_schedules(std::string_view text);

/// Shifts of a plan of (step, count) pairs: 0, then `count` steps of `step` days each, one pair
/// after the other. (2, 3), (3, 2) is 0, 2, 4, 6, 9, 12.
std::vector<Day> day_shifts(const std::vector<std::pair<Day, int>>& steps);

/// The last time at or before `now` at which a run is due, in UTC; daily: midnight.
UtcTime last_slot(const Schedule& schedule, UtcTime now);
/// The first one after `now`.
UtcTime next_slot(const Schedule& schedule, UtcTime now);
/// The last Sunday, today included.
Day last_sunday(UtcTime now);

}  // namespace freshet
