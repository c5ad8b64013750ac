#pragma once

#include <optional>
#include <string>
#include <vector>

#include "producers/day_set.hpp"
#include "producers/run_state.hpp"
#include "producers/schedule/schedules.hpp"

namespace freshet {

/// What `produce --status` prints: of each provider its last run and when the next one is due; a
/// table, or a JSON array of the states as they lie on the topic, each with `duration_seconds`,
/// `errors` and `next` (`at`, `day`, `again`, or null where it has no schedule).
/// @param commands  all providers; those that never ran are there as well
/// @param since     `produce.catch_up_since`
std::string list_status(const std::vector<std::string>& commands,
                        const std::vector<Schedule>& of_files, const std::vector<RunState>& states,
                        std::optional<Day> since, UtcTime now, bool as_json);

}  // namespace freshet
