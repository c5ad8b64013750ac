#include "producers/run_start.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/check.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_output.hpp"

namespace freshet {
namespace {

ProviderSpec spec(Dated dated) {
  ProviderSpec spec;
  spec.command = "numbers";
  spec.dated = dated;
  return spec;
}

struct DateRow {
  const char* name;
  Dated dated;
  std::optional<std::string> asked;
  std::optional<std::string> read;
};
class DateOfRun : public ::testing::TestWithParam<DateRow> {};

TEST_P(DateOfRun, FollowsFromTheOptionsAndTheProvider) {
  const auto& row = GetParam();
  const freshet::Run run = planned_run(spec(row.dated), {.date = row.asked}, FakeClock::kStart);
  EXPECT_EQ(run.date, row.read);
}

INSTANTIATE_TEST_SUITE_P(Rows, DateOfRun,
                         ::testing::Values(DateRow{"Given", Dated::yes, "2026-01-31", "2026-01-31"},
                                           DateRow{"TheLastWholeDay", Dated::yes, {}, "2026-11-20"},
                                           DateRow{"Everything", Dated::optional, {}, {}},
                                           DateRow{"OneDay", Dated::optional, "2026-01-31",
                                                   "2026-01-31"},
                                           DateRow{"OfNoUse", Dated::no, "2026-01-31", {}}),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(PlannedRun, RefusesWhatTheProviderCannotUse) {
  const UtcTime now = FakeClock::kStart;
  for (const char* date : {"2026-02-30", "2026-1-1", "yesterday", ""}) {
    EXPECT_THROW(planned_run(spec(Dated::yes), {.date = date}, now), StartupError) << date;
  }
  RunOptions slice;
  slice.slice = std::pair{UtcTime{0}, UtcTime{1}};
  EXPECT_THROW(planned_run(spec(Dated::yes), slice, now), StartupError);
  ProviderSpec sliced = spec(Dated::yes);
  sliced.takes_slice = true;
  EXPECT_EQ(planned_run(sliced, slice, now).slice, slice.slice);
}

TEST(StartRun, SaysAtOnceThatItRuns) {
  test::MemoryOutput output;
  const FakeClock clock;
  const StartedRun started = start_run(spec(Dated::optional), {}, output, clock);
  EXPECT_TRUE(started.state.is_first);
  EXPECT_FALSE(started.is_resumed);
  ASSERT_EQ(output.states.size(), 1U);
  EXPECT_EQ(output.states[0].outcome, RunOutcome::running);
  EXPECT_EQ(output.states[0].run_id, started.state.run_id);
  EXPECT_THAT(started.state.run_id, testing::StartsWith("numbers-20261121T000000-"));
}

TEST(StartRun, IsStillTheFirstWhereTheOneBeforeDiedAtItsBegin) {
  test::MemoryOutput output;
  const FakeClock clock;
  start_run(spec(Dated::no), {}, output, clock);
  EXPECT_TRUE(start_run(spec(Dated::no), {}, output, clock).state.is_first);
  output.states.back().outcome = RunOutcome::finished;
  EXPECT_FALSE(start_run(spec(Dated::no), {}, output, clock).state.is_first);
}

TEST(StartRun, GoesOnWhereTheLastOneWasInterrupted) {
  test::MemoryOutput output;
  const FakeClock clock;
  RunState last;
  last.command = "numbers";
  last.run_id = "numbers-last";
  last.outcome = RunOutcome::failed;
  last.is_first = true;
  last.error = "HTTP 500";
  last.counts.add("emitted", 7);
  last.full_runs = {{"numbers-full", {}, 9, 8}};
  last.cursor = Cursor{};
  last.cursor->next = Params{{"page", "3"}};
  output.states.push_back(last);
  const StartedRun resumed = start_run(spec(Dated::no), {}, output, clock);
  EXPECT_TRUE(resumed.is_resumed);
  EXPECT_EQ(resumed.state.run_id, "numbers-last");
  EXPECT_EQ(resumed.state.error, "");
  EXPECT_TRUE(resumed.state.is_first) << "it is still the provider's first run";
  EXPECT_EQ(resumed.state.counts.at("emitted"), 7);
  EXPECT_EQ(resumed.cursor.next, (Params{{"page", "3"}}));
  const StartedRun anew = start_run(spec(Dated::no), {.restart = true}, output, clock);
  EXPECT_FALSE(anew.is_resumed);
  EXPECT_NE(anew.state.run_id, "numbers-last");
  EXPECT_FALSE(anew.state.is_first);
  EXPECT_EQ(anew.state.counts.at("emitted"), 0);
  EXPECT_EQ(anew.state.full_runs.size(), 1U) << "each run hands them on";
}

}  // namespace
}  // namespace freshet
