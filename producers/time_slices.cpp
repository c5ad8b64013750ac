#include "producers/time_slices.hpp"

#include "core/check.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr int kHoursOfDay = 24;
constexpr int kSecondsOfHour = 3'600;

void add_parts(std::vector<TimeSlice>& slices, const TimeSlice& hour, int divisions) {
  FRESHET_CHECK(divisions > 0 && kSecondsOfHour % divisions == 0);
  const auto length = std::chrono::seconds{kSecondsOfHour / divisions};
  for (int i = 0; i < divisions; ++i) {
    slices.push_back({hour.from + i * length, hour.from + (i + 1) * length, std::nullopt});
  }
}

}  // namespace

Result<std::vector<TimeSlice>> slices_of(const Run& run, const SliceLimits& limits,
                                         const CountRecords& count) {
  if (run.slice) {
    return std::vector<TimeSlice>{{run.slice->first, run.slice->second, std::nullopt}};
  }
  FRESHET_CHECK(run.date.has_value());
  const UtcTime midnight = *parse_date(*run.date);
  TimeSlice day{midnight, midnight + 24h, std::nullopt};
  const auto total = count(day);
  if (!total) {
    return total.error();
  }
  std::vector<TimeSlice> slices;
  if (*total < limits.max_records) {
    if (*total > 0) {
      day.count = *total;
      slices.push_back(day);
    }
    return slices;
  }
  for (int i = 0; i < kHoursOfDay; ++i) {
    TimeSlice hour{midnight + i * 1h, midnight + (i + 1) * 1h, std::nullopt};
    const auto of_hour = count(hour);
    if (!of_hour) {
      return of_hour.error();
    }
    if (*of_hour == 0) {
      continue;
    }
    if (*of_hour < limits.max_records) {
      hour.count = *of_hour;
      slices.push_back(hour);
    } else {
      const bool is_small = *of_hour < limits.division_threshold;
      add_parts(slices, hour, is_small ? limits.min_divisions : limits.max_divisions);
    }
  }
  return slices;
}

std::string format_seconds(UtcTime time) { return format_millis(time).substr(0, 19) + "Z"; }

}  // namespace freshet
