#include "producers/schedule/schedules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/resources.hpp"

namespace freshet {
namespace {

using std::chrono::milliseconds;

constexpr std::array<Every, 4> kEvery{Every::daily, Every::weekly, Every::monthly,
                                      Every::quarterly};

Error fault(const std::string& entry, const std::string& what) {
  return {Errc::invalid_value, Retry::never, "schedules.json, " + entry + ": " + what};
}

// `30m`, `24h`, `3d`
std::optional<milliseconds> parse_span(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end + 1 != text.data() + text.size() || number <= 0) {
    return std::nullopt;
  }
  switch (*end) {
    case 'm':
      return std::chrono::minutes{number};
    case 'h':
      return std::chrono::hours{number};
    case 'd':
      return std::chrono::hours{24 * number};
    default:
      return std::nullopt;
  }
}

std::optional<std::string> unknown_member(const json::value& object,
                                          std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object.get_object()) {
    if (std::find(known.begin(), known.end(), std::string_view{name}) == known.end()) {
      return std::string{std::string_view{name}};
    }
  }
  return std::nullopt;
}

Result<void> read_again(const json::value& again, const std::string& entry, Schedule& schedule) {
  const auto limit = parse_span(text_at(again, "/time_limit").value_or(""));
  const json::array* days = value_at(again, "/days").if_array();
  if (!limit || days == nullptr) {
    return fault(entry, "again needs days and time_limit");
  }
  std::vector<std::pair<Day, int>> steps;
  for (const json::value& pair : *days) {
    const json::value& step = value_at(pair, "/0");
    const json::value& count = value_at(pair, "/1");
    if (!step.is_int64() || !count.is_int64() || step.get_int64() < 1 || count.get_int64() < 0 ||
        count.get_int64() > 10'000) {
      return fault(entry, "again.days holds pairs of step and count");
    }
    steps.emplace_back(step.get_int64(), static_cast<int>(count.get_int64()));
  }
  schedule.again = day_shifts(steps);
  schedule.again_time_limit = *limit;
  return {};
}

Result<Schedule> read_schedule(const json::value& value) {
  Schedule schedule;
  schedule.provider = text_at(value, "/provider").value_or("");
  if (schedule.provider.empty()) {
    return fault("an entry", "provider is missing");
  }
  const std::string& entry = schedule.provider;
  if (const auto unknown = unknown_member(
          value, {"provider", "every", "day", "by_day", "start", "time_limit", "again"})) {
    return fault(entry, *unknown + " is no member");
  }
  const auto every = std::find_if(kEvery.begin(), kEvery.end(), [&](Every one) {
    return to_string(one) == text_at(value, "/every").value_or("");
  });
  if (every == kEvery.end()) {
    return fault(entry, "every is daily, weekly, monthly or quarterly");
  }
  schedule.every = *every;
  if (const json::value& day = value_at(value, "/day"); !day.is_null()) {
    if (!day.is_int64() || day.get_int64() < 1 || day.get_int64() > 28) {
      return fault(entry, "day is 1 to 28");
    }
    schedule.day = static_cast<int>(day.get_int64());
  }
  if (const json::value& by_day = value_at(value, "/by_day"); !by_day.is_null()) {
    if (!by_day.is_bool()) {
      return fault(entry, "by_day is true or false");
    }
    schedule.by_day = by_day.get_bool();
  }
  if (schedule.by_day && schedule.every != Every::daily) {
    return fault(entry, "by_day goes with daily");
  }
  if (const auto start = text_at(value, "/start")) {
    schedule.start = parse_day(*start);
    if (!schedule.start) {
      return fault(entry, "start is no day");
    }
  }
  const auto limit = parse_span(text_at(value, "/time_limit").value_or(""));
  if (!limit) {
    return fault(entry, "time_limit is a number with m, h or d");
  }
  schedule.time_limit = *limit;
  if (const json::value& again = value_at(value, "/again"); !again.is_null()) {
    if (const auto read = read_again(again, entry, schedule); !read) {
      return read.error();
    }
  }
  return schedule;
}

struct Month {
  int year;
  int month;  // 1 to 12
};

Month month_of(UtcTime time) {
  const std::string date = format_date(time);
  return {std::stoi(date.substr(0, 4)), std::stoi(date.substr(5, 2))};
}

Month plus(Month month, int months) {
  const int count = month.year * 12 + month.month - 1 + months;
  return {count / 12, count % 12 + 1};
}

UtcTime time_of(Month month, int day) {
  const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  const auto time =
      parse_date(std::to_string(month.year) + "-" + two(month.month) + "-" + two(day));
  FRESHET_CHECK(time.has_value());
  return *time;
}

// Runs begin every so many months, with January.
UtcTime slot_of_months(int months, int day, UtcTime now, bool is_next) {
  Month month = month_of(now);
  month = plus(month, -((month.month - 1) % months));
  if (now < time_of(month, day)) {
    month = plus(month, -months);
  }
  return time_of(is_next ? plus(month, months) : month, day);
}

UtcTime slot(const Schedule& schedule, UtcTime now, bool is_next) {
  switch (schedule.every) {
    case Every::daily:
      return start_of(day_at(now) + (is_next ? 1 : 0));
    case Every::weekly:
      return start_of(last_sunday(now) + (is_next ? 7 : 0));
    case Every::monthly:
      return slot_of_months(1, schedule.day, now, is_next);
    case Every::quarterly:
      return slot_of_months(3, schedule.day, now, is_next);
  }
  FRESHET_CHECK(false && "every schedule is one of these");
  return now;
}

}  // namespace

std::string_view to_string(Every every) noexcept {
  switch (every) {
    case Every::daily:
      return "daily";
    case Every::weekly:
      return "weekly";
    case Every::monthly:
      return "monthly";
    case Every::quarterly:
      return "quarterly";
  }
  return "unspecified";
}

std::vector<Day> day_shifts(const std::vector<std::pair<Day, int>>& steps) {
  std::vector<Day> shifts{0};
  Day before = 0;
  for (const auto& [step, count] : steps) {
    for (int k = 1; k <= count; ++k) {
      shifts.push_back(before + step * k);
    }
    before += step * count;
  }
  return shifts;
}

UtcTime last_slot(const Schedule& schedule, UtcTime now) { return slot(schedule, now, false); }
UtcTime next_slot(const Schedule& schedule, UtcTime now) { return slot(schedule, now, true); }

// 1970-01-01 was a Thursday.
Day last_sunday(UtcTime now) {
  const Day day = day_at(now);
  return day - ((day + 4) % 7 + 7) % 7;
}

Result<std::vector<Schedule>> parse_schedules(std::string_view text) {
  const auto root = parse_json(text);
  if (!root) {
    return root.error();
  }
  const json::array* entries = value_at(*root, "/providers").if_array();
  if (entries == nullptr) {
    return fault("the whole", "providers is missing");
  }
  std::vector<Schedule> list;
  for (const json::value& entry : *entries) {
    if (!entry.is_object()) {
      return fault("an entry", "it is no object");
    }
    auto schedule = read_schedule(entry);
    if (!schedule) {
      return schedule.error();
    }
    if (std::any_of(list.begin(), list.end(),
                    [&](const Schedule& one) { return one.provider == schedule->provider; })) {
      return fault(schedule->provider, "it stands twice");
    }
    list.push_back(std::move(*schedule));
  }
  return list;
}

const std::vector<Schedule>& schedules() {
  static const std::vector<Schedule> all = [] {
    auto parsed = parse_schedules(resource("schedules.json"));
    FRESHET_CHECK(parsed.has_value());
    return std::move(*parsed);
  }();
  return all;
}

const Schedule* find_schedule(std::string_view provider) {
  const auto& all = schedules();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Schedule& one) { return one.provider == provider; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace freshet
