#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// A point in time, UTC, in whole microseconds since 1970. Our own struct, so that JSON conversions
/// are found by argument-dependent lookup.
struct UtcTime {
  std::int64_t micros = 0;

  /// A time outside the years 1 to 9999, which no text can express, becomes the first or the last
  /// millisecond of these: the number may come from anywhere, and sums of two times must not
  /// overflow.
  static constexpr UtcTime from_millis(std::int64_t millis) {
    constexpr std::int64_t kFirst = -62'135'596'800'000;
    constexpr std::int64_t kLast = 253'402'300'799'999;
    return {(millis < kFirst ? kFirst : millis > kLast ? kLast : millis) * 1000};
  }
  /// Whole milliseconds, rounded down (also before 1970), as `format_millis` writes them.
  constexpr std::int64_t millis() const { return micros / 1000 - (micros % 1000 < 0 ? 1 : 0); }
  friend constexpr auto operator<=>(UtcTime, UtcTime) = default;
  friend constexpr UtcTime operator+(UtcTime t, std::chrono::microseconds d) {
    return {t.micros + d.count()};
  }
  friend constexpr UtcTime operator-(UtcTime t, std::chrono::microseconds d) {
    return {t.micros - d.count()};
  }
  friend constexpr std::chrono::microseconds operator-(UtcTime a, UtcTime b) {
    return std::chrono::microseconds{a.micros - b.micros};
  }
};

/// `2026-11-21T00:19:33.000001Z`: RFC 3339 with six digits, as `fetched_at` is written.
std::string format_micros(UtcTime time);
/// `2026-11-21T00:19:33.000Z`: RFC 3339 with three digits, as all other times are written.
std::string format_millis(UtcTime time);

/// Reads RFC 3339 with `Z` or a numeric offset, `T` or a space, and 0 to 9 fraction digits (digits
/// past the sixth are cut). Years 1 to 9999; days are checked against the calendar.
/// @return nothing when the text is anything else.
std::optional<UtcTime> parse_time(std::string_view text);

/// The same as `format_micros` and `format_millis`, for paths that every record takes: years 1 to
/// 9999. @param digits 6 (27 characters in all) or 3.
void append_time(std::string& out, UtcTime time, int digits);
/// The same as `parse_time`, fast where the text is what `append_time` writes with six digits.
std::optional<UtcTime> parse_stamp_time(std::string_view text);

/// Reads `YYYY-MM-DD` as that day's first instant.
std::optional<UtcTime> parse_date(std::string_view text);

/// `YYYY-MM-DD` of the UTC day that `time` is in.
std::string format_date(UtcTime time);

/// Where "now" comes from; tests pass `FakeClock` (tests/support) and never sleep.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  virtual UtcTime now() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  UtcTime now() const override;
};

}  // namespace freshet
