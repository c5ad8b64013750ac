#include "producers/schedule/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "producers/describe.hpp"
#include "producers/schedule/due.hpp"

namespace freshet {
namespace {

constexpr std::size_t kLongestCell = 60;

std::string shortened(std::string text) {
  if (text.size() <= kLongestCell) {
    return text;
  }
  std::size_t end = kLongestCell - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;  // not in the middle of a letter
  }
  return text.substr(0, end) + "...";
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
  return text;
}

std::string cursor_text(const RunState& state) {
  if (!state.cursor) {
    return "-";
  }
  const Cursor& cursor = *state.cursor;
  std::string text = cursor.set > 0 ? fmt::format("set {} ", cursor.set) : std::string{};
  text += cursor.next ? to_json(params_to_json(*cursor.next)) : std::string{"start"};
  return cursor.item > 0 ? text + fmt::format(" item {}", cursor.item) : text;
}

std::chrono::seconds duration_of(const RunState& state) {
  return std::chrono::duration_cast<std::chrono::seconds>(
      state.finished_at.value_or(state.updated_at) - state.started_at);
}

std::string duration_text(std::chrono::seconds duration) {
  const auto all = std::max<std::int64_t>(0, duration.count());
  return fmt::format("{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60);
}

std::int64_t errors_of(const RunState& state) {
  return state.counts.sum("rejected") + state.counts.at("skipped");
}

std::string next_text(const std::optional<Next>& next) {
  if (!next) {
    return "-";
  }
  if (!next->due) {
    return next->at ? format_millis(*next->at).substr(0, 16) + "Z" : "-";
  }
  return next->due->day ? "now, " + format_day(*next->due->day) : "now";
}

json::value next_json(const std::optional<Next>& next, UtcTime now) {
  if (!next) {
    return nullptr;
  }
  json::object object{{"at", nullptr}, {"day", nullptr}, {"again", false}};
  if (next->due) {
    object["at"] = format_millis(now);
    object["again"] = next->due->again.has_value();
    if (next->due->day) {
      object["day"] = format_day(*next->due->day);
    }
  } else if (next->at) {
    object["at"] = format_millis(*next->at);
  }
  return object;
}

std::vector<std::string> row_of(const std::string& command, const RunState* state,
                                const std::optional<Next>& next, UtcTime now) {
  if (state == nullptr) {
    return {command, "never ran", "-", "-", "-", "-", "-", "-", "-", next_text(next), "-"};
  }
  const bool is_running = is_alive(*state, now);
  const bool is_lost = state->outcome == RunOutcome::running && !is_running;
  return {command,
          is_lost ? "died" : std::string{to_string(state->outcome)},
          state->date.value_or("-"),
          format_millis(state->started_at).substr(0, 19) + "Z",
          duration_text(duration_of(*state)),
          std::to_string(state->counts.at("emitted")),
          std::to_string(state->counts.sum("dropped")),
          std::to_string(errors_of(*state)),
          shortened(cursor_text(*state)),
          is_running ? "runs" : next_text(next),
          state->error.empty() ? "-" : shortened(one_line(state->error))};
}

json::object object_of(const std::string& command, const RunState* state,
                       const std::optional<Next>& next, UtcTime now) {
  json::object object{{"command", command}, {"outcome", nullptr}};
  if (state != nullptr) {
    object = parse_json(encode_run_state(*state))->as_object();
    object["is_alive"] = is_alive(*state, now);
    object["duration_seconds"] = duration_of(*state).count();
    object["errors"] = errors_of(*state);
  }
  object["next"] = next_json(next, now);
  return object;
}

}  // namespace

std::string list_status(const std::vector<std::string>& commands,
                        const std::vector<Schedule>& of_files, const std::vector<RunState>& states,
                        std::optional<Day> since, UtcTime now, bool as_json) {
  std::map<std::string, const RunState*> all;
  for (const std::string& command : commands) {
    all.emplace(command, nullptr);
  }
  for (const RunState& state : states) {
    all[state.command] = &state;
  }
  json::array array;
  std::vector<std::vector<std::string>> rows{{"PROVIDER", "LAST RUN", "DATE", "STARTED", "DURATION",
                                              "RECORDS", "DROPPED", "ERRORS", "CURSOR", "NEXT",
                                              "ERROR"}};
  for (const auto& [command, state] : all) {
    const auto of_file = std::find_if(of_files.begin(), of_files.end(),
                                      [&](const Schedule& one) { return one.provider == command; });
    const Schedule* schedule = of_file == of_files.end() ? find_schedule(command) : &*of_file;
    const auto next =
        schedule == nullptr ? std::nullopt : std::optional{next_run(*schedule, state, since, now)};
    if (as_json) {
      array.push_back(object_of(command, state, next, now));
    } else {
      rows.push_back(row_of(command, state, next, now));
    }
  }
  return as_json ? to_json(array) + '\n' : table(rows);
}

}  // namespace freshet
