#include "producers/day_set.hpp"

#include <algorithm>

namespace freshet {
namespace {

constexpr std::int64_t kMicros = 86'400'000'000;

}  // namespace

Day day_at(UtcTime time) { return time.micros / kMicros - (time.micros % kMicros < 0 ? 1 : 0); }

UtcTime start_of(Day day) { return UtcTime{day * kMicros}; }

std::string format_day(Day day) { return format_date(start_of(day)); }

std::optional<Day> parse_day(std::string_view text) {
  const auto time = parse_date(text);
  return time ? std::optional{day_at(*time)} : std::nullopt;
}

void DaySet::add(Day day) { add(day, day); }

void DaySet::add(Day first, Day last) {
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin() && std::prev(next)->second >= first - 1) {
    --next;
  }
  while (next != ranges_.end() && next->first <= last + 1) {
    first = std::min(first, next->first);
    last = std::max(last, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace(first, last);
}

bool DaySet::contains(Day day) const {
  const auto next = ranges_.upper_bound(day);
  return next != ranges_.begin() && std::prev(next)->second >= day;
}

std::optional<Day> DaySet::first() const {
  return ranges_.empty() ? std::nullopt : std::optional{ranges_.begin()->first};
}

json::array DaySet::to_json() const {
  json::array list;
  for (const auto& [first, last] : ranges_) {
    list.push_back(json::array{json::value(format_day(first)), json::value(format_day(last))});
  }
  return list;
}

DaySet DaySet::from_json(const json::value& value) {
  DaySet set;
  if (const json::array* list = value.if_array()) {
    for (const json::value& range : *list) {
      const auto first = parse_day(text_at(range, "/0").value_or(""));
      const auto last = parse_day(text_at(range, "/1").value_or(""));
      if (first && last && *first <= *last) {
        set.add(*first, *last);
      }
    }
  }
  return set;
}

}  // namespace freshet
