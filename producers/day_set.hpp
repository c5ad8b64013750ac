#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.hpp"
#include "core/time.hpp"

namespace freshet {

/// A UTC day, as days since 1970-01-01.
using Day = std::int64_t;
Day day_at(UtcTime time);
UtcTime start_of(Day day);
/// `YYYY-MM-DD`
std::string format_day(Day day);
std::optional<Day> parse_day(std::string_view text);

/// A set of days, small where they follow each other.
class DaySet {
 public:
  void add(Day day);
  bool contains(Day day) const;
  std::optional<Day> first() const;
  bool empty() const noexcept { return ranges_.empty(); }

  /// `[["2026-11-01", "2026-11-29"]]`: first and last day of each range.
  json::array to_json() const;
  /// What is no range is passed over.
  static DaySet from_json(const json::value& value);

 private:
  void add(Day first, Day last);

  std::map<Day, Day> ranges_;  // first to last, never touching each other
};

}  // namespace freshet
