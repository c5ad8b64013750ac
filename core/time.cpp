#include "core/time.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <cstddef>

namespace freshet {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

/// Takes text off the front of a view; every step fails once one has failed.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_{text} {}

  /// Exactly `count` digits.
  int digits(std::size_t count) {
    if (text_.size() < count) {
      ok_ = false;
      return 0;
    }
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = text_[i];
      if (c < '0' || c > '9') {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(count);
    return value;
  }

  bool take(char c) {
    if (text_.empty() || text_.front() != c) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }

  void expect(char c) { ok_ = take(c) && ok_; }
  void fail() { ok_ = false; }
  bool next_is_digit() const {
    return !text_.empty() && text_.front() >= '0' && text_.front() <= '9';
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && text_.empty(); }

 private:
  std::string_view text_;
  bool ok_ = true;
};

/// Days since 1970 of a calendar date, nothing for a day that does not exist.
std::optional<std::int64_t> read_days(Reader& reader) {
  const int year = reader.digits(4);
  reader.expect('-');
  const int month = reader.digits(2);
  reader.expect('-');
  const int day = reader.digits(2);
  if (!reader.ok()) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1 || !date.ok()) {
    return std::nullopt;
  }
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

/// Microseconds after the decimal point: digits past the sixth are read and cut.
std::int64_t read_fraction(Reader& reader) {
  std::int64_t micros = 0;
  int count = 0;
  while (reader.next_is_digit()) {
    const int digit = reader.digits(1);
    ++count;
    if (count <= 6) {
      micros = micros * 10 + digit;
    }
  }
  if (count == 0 || count > 9) {
    reader.fail();
  }
  for (; count < 6; ++count) {
    micros *= 10;
  }
  return micros;
}

/// Minutes that local time is ahead of UTC.
std::int64_t read_offset(Reader& reader) {
  if (reader.take('Z')) {
    return 0;
  }
  const bool ahead = reader.take('+');
  if (!ahead) {
    reader.expect('-');
  }
  const int hours = reader.digits(2);
  reader.expect(':');
  const int minutes = reader.digits(2);
  if (hours > 23 || minutes > 59) {
    reader.fail();
  }
  const int total = hours * 60 + minutes;
  return ahead ? total : -total;
}

struct Civil {
  int year;
  unsigned month;
  unsigned day;
  int hour;
  int minute;
  int second;
  int micros;
};

Civil to_civil(UtcTime time) {
  // Floor, not truncation: a time before 1970 belongs to the day that it is in.
  std::int64_t days = time.micros / kMicrosPerDay;
  std::int64_t rest = time.micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
  const auto seconds = static_cast<int>(rest / kMicrosPerSecond);
  return {int{date.year()},
          unsigned{date.month()},
          unsigned{date.day()},
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          static_cast<int>(rest % kMicrosPerSecond)};
}

void put_digits(char* at, std::int64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// The digits at `at`, or -1 when one is none.
int take_digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    const auto digit = static_cast<unsigned>(text[i] - '0');
    if (digit > 9) {
      return -1;
    }
    value = value * 10 + static_cast<int>(digit);
  }
  return value;
}

}  // namespace

std::string format_micros(UtcTime time) {
  const Civil at = to_civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", at.year, at.month, at.day,
                     at.hour, at.minute, at.second, at.micros);
}

std::string format_millis(UtcTime time) {
  const Civil at = to_civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", at.year, at.month, at.day,
                     at.hour, at.minute, at.second, at.micros / 1000);
}

std::string format_date(UtcTime time) {
  const Civil at = to_civil(time);
  return fmt::format("{:04}-{:02}-{:02}", at.year, at.month, at.day);
}

std::optional<UtcTime> parse_time(std::string_view text) {
  Reader reader{text};
  const auto days = read_days(reader);
  if (!days) {
    return std::nullopt;
  }
  if (!reader.take('T')) {
    reader.expect(' ');
  }
  const int hour = reader.digits(2);
  reader.expect(':');
  const int minute = reader.digits(2);
  reader.expect(':');
  const int second = reader.digits(2);
  const std::int64_t fraction = reader.take('.') ? read_fraction(reader) : 0;
  const std::int64_t ahead = read_offset(reader);
  if (!reader.done() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const std::int64_t seconds = *days * 86'400 + (hour * 60 + minute - ahead) * 60 + second;
  const UtcTime time{seconds * kMicrosPerSecond + fraction};
  // An offset can carry the first or last day of the range out of it.
  const int year = to_civil(time).year;
  if (year < 1 || year > 9999) {
    return std::nullopt;
  }
  return time;
}

void append_time(std::string& out, UtcTime time, int digits) {
  using namespace std::chrono;
  const sys_time<microseconds> point{microseconds{time.micros}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const auto in_day = (point - day).count();
  std::array<char, 27> text{};
  text.fill(':');
  put_digits(&text[0], static_cast<int>(date.year()), 4);
  put_digits(&text[5], static_cast<unsigned>(date.month()), 2);
  put_digits(&text[8], static_cast<unsigned>(date.day()), 2);
  put_digits(&text[11], in_day / 3'600'000'000, 2);
  put_digits(&text[14], in_day / 60'000'000 % 60, 2);
  put_digits(&text[17], in_day / 1'000'000 % 60, 2);
  text[4] = text[7] = '-';
  text[10] = 'T';
  text[19] = '.';
  const auto fraction = in_day % 1'000'000;
  put_digits(&text[20], digits == 6 ? fraction : fraction / 1000, digits);
  const auto end = 20 + static_cast<std::size_t>(digits);
  text[end] = 'Z';
  out.append(text.data(), end + 1);
}

std::optional<UtcTime> parse_stamp_time(std::string_view text) {
  using namespace std::chrono;
  // The producers' form, read without the general parser: it is on the path of every sighting.
  if (text.size() == 27 && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' &&
      text[16] == ':' && text[19] == '.' && text[26] == 'Z') {
    const int y = take_digits(text, 0, 4);
    const int mo = take_digits(text, 5, 2);
    const int d = take_digits(text, 8, 2);
    const int h = take_digits(text, 11, 2);
    const int mi = take_digits(text, 14, 2);
    const int s = take_digits(text, 17, 2);
    const int us = take_digits(text, 20, 6);
    if (y >= 1 && mo >= 1 && d >= 1 && h >= 0 && h < 24 && mi >= 0 && mi < 60 && s >= 0 && s < 60 &&
        us >= 0) {
      const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                                day{static_cast<unsigned>(d)}};
      if (date.ok()) {
        const auto point = sys_days{date} + hours{h} + minutes{mi} + seconds{s} + microseconds{us};
        return UtcTime{duration_cast<microseconds>(point.time_since_epoch()).count()};
      }
    }
  }
  return parse_time(text);
}

std::optional<UtcTime> parse_date(std::string_view text) {
  Reader reader{text};
  const auto days = read_days(reader);
  if (!days || !reader.done()) {
    return std::nullopt;
  }
  return UtcTime{*days * kMicrosPerDay};
}

UtcTime SystemClock::now() const {
  return {std::chrono::duration_cast<std::chrono::microseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

}  // namespace freshet
