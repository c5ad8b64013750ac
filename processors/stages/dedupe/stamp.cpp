#include "processors/stages/dedupe/stamp.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include "core/hash.hpp"

namespace freshet {
namespace {

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

std::uint64_t content_hash(std::string_view work, std::uint32_t rules) noexcept {
  return xxh3(work, rules);
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

void append_stamp(std::string& out, const Stamp& stamp) {
  out += "[\"";
  append_time(out, stamp.fetched_at, 6);
  out += "\",";
  out += std::to_string(stamp.rules);
  out += ",\"";
  out += to_hex(stamp.content_hash);
  out += "\"]";
}

std::optional<Stamp> parse_stamp(std::string_view json) {
  // ["<time>",<rules>,"<hash>"]: trusted in form, checked in every part.
  if (json.size() < 6 || !json.starts_with("[\"") || !json.ends_with("\"]")) {
    return std::nullopt;
  }
  const auto time_end = json.find('"', 2);
  const auto rules_end = json.find(",\"", time_end + 2);
  if (time_end == std::string_view::npos || rules_end == std::string_view::npos ||
      json.substr(time_end, 2) != "\",") {
    return std::nullopt;
  }
  const auto time = parse_stamp_time(json.substr(2, time_end - 2));
  const std::string_view rules = json.substr(time_end + 2, rules_end - time_end - 2);
  const auto hash = parse_hex64(json.substr(rules_end + 2, json.size() - 2 - (rules_end + 2)));
  Stamp stamp;
  const auto read = std::from_chars(rules.data(), rules.data() + rules.size(), stamp.rules);
  if (!time || !hash || read.ec != std::errc{} || read.ptr != rules.data() + rules.size()) {
    return std::nullopt;
  }
  stamp.fetched_at = *time;
  stamp.content_hash = *hash;
  return stamp;
}

}  // namespace freshet
