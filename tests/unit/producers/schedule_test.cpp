#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "producers/registry.hpp"
#include "producers/schedule/due.hpp"
#include "producers/schedule/schedules.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Day day(std::string_view text) { return *parse_day(text); }
UtcTime at(std::string_view text) { return *parse_time(text); }

TEST(Schedules, HaveEveryProviderAsItsSpecSays) {
  for (const RegisteredProvider& registered : providers()) {
    const auto provider = registered.make();
    const Schedule* schedule = find_schedule(registered.command);
    ASSERT_NE(schedule, nullptr) << registered.command;
    EXPECT_EQ(to_string(schedule->every), provider->spec().schedule) << registered.command;
    const Dated dated = provider->spec().dated;
    EXPECT_TRUE(dated != Dated::yes || schedule->by_day) << registered.command;
    EXPECT_TRUE(dated != Dated::no || !schedule->by_day) << registered.command;
  }
}

TEST(Schedules, ReadAgainAsManyDaysAsThePlansSay) {
  struct Plan {
    const char* provider;
    std::size_t days;
    Day oldest;
  };
  for (const Plan& plan : {Plan{"flickr", 128, 10'471}, Plan{"metropolitan_museum", 64, 7'296},
                           Plan{"wikimedia_commons", 64, 7'296}}) {
    const Schedule* schedule = find_schedule(plan.provider);
    ASSERT_NE(schedule, nullptr);
    EXPECT_EQ(schedule->again.size(), plan.days) << plan.provider;
    EXPECT_EQ(schedule->again.back(), plan.oldest) << plan.provider;
  }
}

TEST(DayShifts, FollowEachOtherFromTheYoungToTheOld) {
  EXPECT_THAT(day_shifts({{2, 3}, {3, 2}, {4, 4}}), ElementsAre(0, 2, 4, 6, 9, 12, 16, 20, 24, 28));
  EXPECT_THAT(day_shifts({}), ElementsAre(0));
  EXPECT_THAT(day_shifts({{1, 0}, {7, 1}}), ElementsAre(0, 7));
}

struct FaultRow {
  const char* name;
  const char* entry;
  const char* told;
};
class FaultyEntry : public ::testing::TestWithParam<FaultRow> {};

TEST_P(FaultyEntry, IsNamed) {
  const auto parsed = parse_schedules(R"({"providers": [)" + std::string{GetParam().entry} + "]}");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message(), HasSubstr(GetParam().told));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, FaultyEntry,
    ::testing::Values(
        FaultRow{"NoProvider", R"({"every": "daily", "time_limit": "1h"})", "provider is missing"},
        FaultRow{"Every", R"({"provider": "x", "every": "hourly", "time_limit": "1h"})",
                 "x: every"},
        FaultRow{"TimeLimit", R"({"provider": "x", "every": "daily", "time_limit": "1 hour"})",
                 "time_limit"},
        FaultRow{"NoTimeLimit", R"({"provider": "x", "every": "daily"})", "time_limit"},
        FaultRow{"Day", R"({"provider": "x", "every": "monthly", "day": 31, "time_limit": "1h"})",
                 "day is 1 to 28"},
        FaultRow{"Start",
                 R"({"provider": "x", "every": "daily", "start": "2020", "time_limit": "1h"})",
                 "start"},
        FaultRow{"ByDay",
                 R"({"provider": "x", "every": "weekly", "by_day": true, "time_limit": "1h"})",
                 "by_day"},
        FaultRow{"Again",
                 R"({"provider": "x", "every": "daily", "time_limit": "1h",
                     "again": {"days": [[0, 3]], "time_limit": "1h"}})",
                 "again.days"},
        FaultRow{"Unknown", R"({"provider": "x", "evry": "daily", "time_limit": "1h"})", "evry"},
        FaultRow{"Twice", R"({"provider": "x", "every": "daily", "time_limit": "1h"},
                             {"provider": "x", "every": "daily", "time_limit": "1h"})",
                 "stands twice"},
        FaultRow{"NoObject", "7", "no object"}),
    [](const auto& test) { return std::string{test.param.name}; });

struct SlotRow {
  Every every;
  int day;
  const char* now;
  const char* last;
  const char* next;
};
class Slots : public ::testing::TestWithParam<SlotRow> {};

TEST_P(Slots, LieAroundNow) {
  const auto& row = GetParam();
  Schedule schedule;
  schedule.every = row.every;
  schedule.day = row.day;
  EXPECT_EQ(format_date(last_slot(schedule, at(row.now))), row.last);
  EXPECT_EQ(format_date(next_slot(schedule, at(row.now))), row.next);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Slots,
    ::testing::Values(
        SlotRow{Every::daily, 1, "2026-11-30T07:00:00Z", "2026-11-30", "2026-12-01"},
        SlotRow{Every::daily, 1, "2026-12-01T00:00:00Z", "2026-12-01", "2026-12-02"},
        SlotRow{Every::weekly, 1, "2026-11-30T07:00:00Z", "2026-11-29", "2026-12-06"},
        SlotRow{Every::weekly, 1, "2026-11-29T00:00:00Z", "2026-11-29", "2026-12-06"},
        SlotRow{Every::monthly, 1, "2026-11-30T07:00:00Z", "2026-11-01", "2026-12-01"},
        SlotRow{Every::monthly, 2, "2026-12-01T23:59:59Z", "2026-11-02", "2026-12-02"},
        SlotRow{Every::monthly, 2, "2027-01-01T10:00:00Z", "2026-12-02", "2027-01-02"},
        SlotRow{Every::quarterly, 1, "2026-11-30T07:00:00Z", "2026-10-01", "2027-01-01"},
        SlotRow{Every::quarterly, 2, "2026-01-01T07:00:00Z", "2025-10-02", "2026-01-02"}));

/// A schedule and the last run's state, at a time of day when something may be due.
struct Bench {
  Schedule schedule;
  RunState state;
  std::optional<Day> since;
  UtcTime now = at("2026-11-20T10:00:00Z");

  static Bench by_day() {
    Bench bench;
    bench.schedule.every = Every::daily;
    bench.schedule.by_day = true;
    bench.state.outcome = RunOutcome::finished;
    bench.state.kind = RunKind::day;
    return bench;
  }
  void read(std::string_view first, std::string_view last) {
    for (Day one = day(first); one <= day(last); ++one) {
      state.history.days.add(one);
    }
  }
  void fail(std::string_view which, int attempts, std::string_view when) {
    state.history.setbacks.push_back({day(which), attempts, at(when)});
  }
  Next next() const { return next_run(schedule, &state, since, now); }
  std::string due() const {
    const Next found = next();
    return found.due ? found.due->day ? format_day(*found.due->day) : "everything"
                     : "at " + format_millis(*found.at).substr(0, 16);
  }
};

TEST(Due, TheVeryFirstRunIsDueAtOnce) {
  Bench bench = Bench::by_day();
  EXPECT_EQ(format_day(*next_run(bench.schedule, nullptr, {}, bench.now).due->day), "2026-11-19");
  bench.schedule.by_day = false;
  bench.schedule.every = Every::monthly;
  EXPECT_FALSE(next_run(bench.schedule, nullptr, {}, bench.now).due->day);
}

TEST(Due, TheNewestDayComesFirstAndThenThoseThatWereMissed) {
  Bench bench = Bench::by_day();
  bench.read("2026-11-10", "2026-11-16");
  for (const char* expected : {"2026-11-19", "2026-11-18", "2026-11-17"}) {
    EXPECT_EQ(bench.due(), expected);
    bench.state.history.days.add(day(expected));
  }
  EXPECT_EQ(bench.due(), "at 2026-11-21T00:00");
  bench.now = at("2026-11-21T00:00:00Z");
  EXPECT_EQ(bench.due(), "2026-11-20");
}

TEST(Due, DaysBeforeTheFirstAreMissedOnlyWhereTheOperatorSaysSo) {
  Bench bench = Bench::by_day();
  bench.read("2026-11-10", "2026-11-19");
  bench.since = day("2026-11-08");
  EXPECT_EQ(bench.due(), "2026-11-09");
  bench.schedule.start = day("2026-11-10");
  EXPECT_EQ(bench.due(), "at 2026-11-21T00:00");
}

TEST(Due, AFailedDayWaitsLongerEachTimeAndHoldsTheOthersForAWhile) {
  Bench bench = Bench::by_day();
  bench.read("2026-11-10", "2026-11-17");
  bench.state.outcome = RunOutcome::failed;
  bench.state.date = "2026-11-18";
  bench.state.cursor.emplace();
  bench.state.cursor->next = Params{{"page", "4"}};
  bench.fail("2026-11-18", 2, "2026-11-20T09:55:00Z");
  EXPECT_EQ(bench.due(), "at 2026-11-20T10:05") << "another day would lose its place";
  bench.now = at("2026-11-20T10:05:00Z");
  EXPECT_EQ(bench.due(), "2026-11-18");
  bench.state.history.setbacks.back() = {day("2026-11-18"), 4, at("2026-11-20T10:00:00Z")};
  EXPECT_EQ(bench.due(), "2026-11-19") << "the others have waited long enough";
  bench.state.history.days.add(day("2026-11-19"));
  EXPECT_EQ(bench.due(), "at 2026-11-20T10:40");
  EXPECT_EQ(wait_after(1), std::chrono::minutes{5});
  EXPECT_EQ(wait_after(50), std::chrono::hours{24});
}

TEST(Due, AnInterruptedRunGoesOnFirst) {
  Bench bench = Bench::by_day();
  bench.read("2026-11-10", "2026-11-15");
  bench.state.date = "2026-11-17";
  bench.state.cursor.emplace();
  bench.state.cursor->next = Params{{"page", "4"}};
  for (const RunOutcome outcome : {RunOutcome::stopped, RunOutcome::running}) {
    bench.state.outcome = outcome;
    EXPECT_EQ(bench.due(), "2026-11-17");
  }
  bench.state.kind = RunKind::other;  // by parameters: nobody's business
  EXPECT_EQ(bench.due(), "2026-11-19");
}

TEST(Due, EverythingIsReadOncePerSlot) {
  Bench bench;
  bench.schedule.every = Every::monthly;
  bench.state.outcome = RunOutcome::finished;
  bench.state.kind = RunKind::whole;
  bench.state.history.whole_at = at("2026-10-31T23:00:00Z");
  EXPECT_EQ(bench.due(), "everything");
  bench.state.history.whole_at = at("2026-11-01T00:00:00Z");
  EXPECT_EQ(bench.due(), "at 2026-12-01T00:00");
  bench.state.history.whole_at.reset();
  bench.state.history.setbacks.push_back({std::nullopt, 1, at("2026-11-20T09:58:00Z")});
  EXPECT_EQ(bench.due(), "at 2026-11-20T10:03");
}

TEST(Due, DaysAreReadAgainEveryWeekWhenNothingElseIsDue) {
  Bench bench = Bench::by_day();
  bench.schedule.again = day_shifts({{1, 2}});
  EXPECT_EQ(bench.due(), "2026-11-19") << "the newest day comes first";
  bench.read("2026-11-10", "2026-11-19");
  // The week began on Sunday, 2026-11-15; the plan's own day is the one before.
  for (const char* expected : {"2026-11-14", "2026-11-13", "2026-11-12"}) {
    EXPECT_EQ(bench.due(), expected);
    const AgainPlace place = *bench.next().due->again;
    note_run(bench.state.history, RunKind::again, day(expected), place, bench.now, bench.now,
             RunEnding::failed);
  }
  EXPECT_EQ(bench.due(), "at 2026-11-21T00:00");
  bench.read("2026-11-20", "2026-11-30");
  bench.now = at("2026-11-22T09:00:00Z");
  EXPECT_EQ(bench.due(), "2026-11-21") << "the next week's plan";
}

TEST(Due, APlanThatIsNotDoneGoesOnInTheNextWeek) {
  Bench bench = Bench::by_day();
  bench.schedule.again = day_shifts({{1, 2}});
  bench.read("2026-10-01", "2026-11-30");
  bench.state.history.again = AgainPlace{day("2026-11-08"), 2};
  EXPECT_EQ(bench.due(), "2026-11-05");
  // Stopped in the middle, it goes on as that place of the plan.
  bench.state.outcome = RunOutcome::stopped;
  bench.state.kind = RunKind::again;
  bench.state.date = "2026-11-05";
  bench.state.cursor.emplace();
  bench.state.cursor->next = Params{{"page", "4"}};
  bench.now = at("2026-12-05T09:00:00Z");
  EXPECT_EQ(bench.due(), "2026-11-05");
  EXPECT_EQ(bench.next().due->again, (AgainPlace{day("2026-11-08"), 2}));
}

}  // namespace
}  // namespace freshet
