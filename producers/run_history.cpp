#include "producers/run_history.hpp"

#include <algorithm>

namespace freshet {
namespace {

constexpr std::size_t kMaxSetbacks = 100;

std::optional<std::int64_t> whole_number(const json::value& value) {
  return value.is_int64() ? std::optional{value.get_int64()} : std::nullopt;
}

void forget(std::vector<Setback>& setbacks, std::optional<Day> day) {
  std::erase_if(setbacks, [&](const Setback& one) { return one.day == day; });
}

void fail(std::vector<Setback>& setbacks, std::optional<Day> day, UtcTime at) {
  int attempts = 1;
  const auto found = std::find_if(setbacks.begin(), setbacks.end(),
                                  [&](const Setback& one) { return one.day == day; });
  if (found != setbacks.end()) {
    attempts = found->attempts + 1;
    setbacks.erase(found);
  }
  setbacks.push_back({day, attempts, at});
  if (setbacks.size() > kMaxSetbacks) {
    setbacks.erase(setbacks.begin());
  }
}

}  // namespace

const Setback* RunHistory::setback(std::optional<Day> day) const {
  const auto found = std::find_if(setbacks.begin(), setbacks.end(),
                                  [&](const Setback& one) { return one.day == day; });
  return found == setbacks.end() ? nullptr : &*found;
}

json::object RunHistory::to_json() const {
  json::array runs;
  for (const PastRun& run : recent) {
    runs.push_back(run.to_json());
  }
  json::array list;
  for (const Setback& one : setbacks) {
    list.push_back(
        json::object{{"day", one.day ? json::value(format_day(*one.day)) : json::value(nullptr)},
                     {"attempts", one.attempts},
                     {"last_at", format_millis(one.last_at)}});
  }
  json::object object{{"recent", std::move(runs)},
                      {"days", days.to_json()},
                      {"whole_at", nullptr},
                      {"setbacks", std::move(list)},
                      {"again", nullptr}};
  if (whole_at) {
    object["whole_at"] = format_millis(*whole_at);
  }
  if (again) {
    object["again"] = json::object{{"week", format_day(again->week)}, {"next", again->next}};
  }
  return object;
}

RunHistory RunHistory::from_json(const json::value& value) {
  RunHistory history;
  if (const json::array* runs = value_at(value, "/recent").if_array()) {
    for (const json::value& one : *runs) {
      if (auto run = PastRun::from_json(one)) {
        history.recent.push_back(std::move(*run));
      }
    }
  }
  history.days = DaySet::from_json(value_at(value, "/days"));
  history.whole_at = parse_time(text_at(value, "/whole_at").value_or(""));
  if (const json::array* list = value_at(value, "/setbacks").if_array()) {
    for (const json::value& one : *list) {
      const auto attempts = whole_number(value_at(one, "/attempts"));
      const auto last_at = parse_time(text_at(one, "/last_at").value_or(""));
      if (attempts && last_at) {
        history.setbacks.push_back(
            {parse_day(text_at(one, "/day").value_or("")), static_cast<int>(*attempts), *last_at});
      }
    }
  }
  const auto week = parse_day(text_at(value, "/again/week").value_or(""));
  const auto next = whole_number(value_at(value, "/again/next"));
  if (week && next) {
    history.again = AgainPlace{*week, *next};
  }
  return history;
}

void note_run(RunHistory& history, RunKind kind, std::optional<Day> day,
              std::optional<AgainPlace> again, UtcTime started_at, UtcTime ended_at,
              RunEnding ending) {
  if (kind == RunKind::other) {
    return;
  }
  if (again && ending != RunEnding::stopped) {
    history.again = AgainPlace{again->week, again->next + 1};
  }
  switch (ending) {
    case RunEnding::read:
      forget(history.setbacks, day);
      if (day) {
        history.days.add(*day);
      } else {
        history.whole_at = started_at;
      }
      break;
    case RunEnding::failed:
      if (!again) {
        fail(history.setbacks, day, ended_at);
      }
      break;
    case RunEnding::cut:
    case RunEnding::stopped:
      break;
  }
}

}  // namespace freshet
