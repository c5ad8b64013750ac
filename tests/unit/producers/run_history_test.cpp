#include "producers/run_history.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.hpp"

namespace freshet {
namespace {

Day day(std::string_view text) { return *parse_day(text); }

TEST(DaySet, IsSmallWhereDaysFollowEachOther) {
  DaySet days;
  for (const char* one : {"2026-11-03", "2026-11-01", "2026-11-05", "2026-11-03"}) {
    days.add(day(one));
  }
  EXPECT_EQ(
      to_json(days.to_json()),
      R"([["2026-11-01","2026-11-01"],["2026-11-03","2026-11-03"],["2026-11-05","2026-11-05"]])");
  days.add(day("2026-11-02"));
  days.add(day("2026-11-04"));
  EXPECT_EQ(to_json(days.to_json()), R"([["2026-11-01","2026-11-05"]])");
  EXPECT_TRUE(days.contains(day("2026-11-04")));
  EXPECT_FALSE(days.contains(day("2026-11-06")));
  EXPECT_FALSE(days.contains(day("2026-10-31")));
  EXPECT_EQ(days.first(), day("2026-11-01"));
  const DaySet back = DaySet::from_json(days.to_json());
  EXPECT_EQ(to_json(back.to_json()), to_json(days.to_json()));
  EXPECT_TRUE(
      DaySet::from_json(*parse_json(R"([["2026-11-05","2026-11-01"],7,["x","y"]])")).empty());
  EXPECT_EQ(day("1969-12-31"), -1);
  EXPECT_EQ(day_at(UtcTime{-1}), -1);
}

struct Bench {
  RunHistory history;
  void note(std::optional<Day> read, RunEnding ending, std::optional<AgainPlace> again = {},
            RunKind kind = RunKind::day) {
    note_run(history, kind, read, again, FakeClock::kStart, FakeClock::kStart, ending);
  }
};

TEST(RunHistory, KeepsDaysThatWereReadAndSetbacksUntilThey) {
  Bench runs;
  const Day first = day("2026-11-19");
  runs.note(first, RunEnding::failed);
  runs.note(first, RunEnding::failed);
  runs.note({}, RunEnding::failed);
  ASSERT_NE(runs.history.setback(first), nullptr);
  EXPECT_EQ(runs.history.setback(first)->attempts, 2);
  EXPECT_EQ(runs.history.setback(std::nullopt)->attempts, 1);
  runs.note(first, RunEnding::stopped);
  runs.note(first, RunEnding::cut);
  EXPECT_FALSE(runs.history.days.contains(first));
  runs.note(first, RunEnding::read);
  EXPECT_TRUE(runs.history.days.contains(first));
  EXPECT_EQ(runs.history.setback(first), nullptr);
  EXPECT_FALSE(runs.history.whole_at);
  runs.note({}, RunEnding::read);
  EXPECT_EQ(runs.history.whole_at, FakeClock::kStart);
}

TEST(RunHistory, APlanMovesOnHoweverADayOfItEnded) {
  Bench runs;
  const AgainPlace place{day("2026-11-15"), 3};
  runs.note(day("2020-01-01"), RunEnding::stopped, place);
  EXPECT_FALSE(runs.history.again) << "it goes on where it was";
  runs.note(day("2020-01-01"), RunEnding::failed, place);
  EXPECT_EQ(runs.history.again, (AgainPlace{place.week, 4}));
  EXPECT_TRUE(runs.history.setbacks.empty());
}

TEST(RunHistory, RunsByParametersLeaveNothingBehind) {
  Bench runs;
  runs.note(day("2026-11-19"), RunEnding::read, {}, RunKind::other);
  runs.note(day("2026-11-19"), RunEnding::failed, {}, RunKind::other);
  EXPECT_TRUE(runs.history.days.empty());
  EXPECT_TRUE(runs.history.setbacks.empty());
}

TEST(RunHistory, ComesBackFromJson) {
  Bench runs;
  runs.note(day("2026-11-19"), RunEnding::read, AgainPlace{day("2026-11-15"), 3});
  runs.note(day("2026-11-20"), RunEnding::failed);
  runs.note({}, RunEnding::read);
  keep_past_run(runs.history.recent, {"a", RunKind::day, FakeClock::kStart, 3, 2, {}});
  const RunHistory back = RunHistory::from_json(runs.history.to_json());
  EXPECT_EQ(to_json(back.to_json()), to_json(runs.history.to_json()));
  EXPECT_EQ(back.setback(day("2026-11-20"))->attempts, 1);
  EXPECT_EQ(to_json(RunHistory::from_json({}).to_json()), to_json(RunHistory{}.to_json()));
}

}  // namespace
}  // namespace freshet
