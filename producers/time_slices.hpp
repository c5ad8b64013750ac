#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "producers/provider.hpp"

namespace freshet {

/// How a day is cut where a source answers only so many records of one search.
struct SliceLimits {
  std::int64_t max_records = 0;         ///< a slice with fewer is read as it is
  std::int64_t division_threshold = 0;  ///< an hour with fewer is cut into `min_divisions`
  int min_divisions = 4;                ///< of an hour; must divide 3,600
  int max_divisions = 12;               ///< the same
};

/// A half-open range of time, cut at whole seconds.
struct TimeSlice {
  UtcTime from;
  UtcTime to;
  std::optional<std::int64_t> count;  ///< of its records, where the source was asked

  friend bool operator==(const TimeSlice&, const TimeSlice&) = default;
};

/// Asks the source how many records a range of time has.
using CountRecords = std::function<Result<std::int64_t>(const TimeSlice&)>;

/// The slices of a run: the one that was asked for (`--slice`), or those of its day (`run.date`,
/// which must be there).
///
/// The day is one slice if it has fewer than `max_records`. Otherwise each of its hours is counted:
/// it is left out, or one slice, or cut into `min_divisions` or `max_divisions` equal ones. So a
/// quiet day costs one request, a busy one 25.
/// @error what `count` gives; nothing is known of the day then.
Result<std::vector<TimeSlice>> slices_of(const Run& run, const SliceLimits& limits,
                                         const CountRecords& count);

/// `2020-04-01T00:00:00Z`.
std::string format_seconds(UtcTime time);

}  // namespace freshet
