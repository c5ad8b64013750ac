#include "producers/run_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace freshet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using LeftOut = std::map<std::string, std::int64_t>;

PastRun run(RunKind kind, std::int64_t emitted, LeftOut left_out = {}) {
  std::int64_t listed = emitted;
  for (const auto& [reason, count] : left_out) {
    listed += count;
  }
  return {"run", kind, UtcTime{}, listed, emitted, std::move(left_out)};
}

std::vector<PastRun> series(RunKind kind, std::vector<std::int64_t> sizes) {
  std::vector<PastRun> runs;
  for (const std::int64_t size : sizes) {
    keep_past_run(runs, run(kind, size));
  }
  return runs;
}

std::vector<std::string> kinds(const std::vector<Finding>& findings) {
  std::vector<std::string> result;
  for (const Finding& one : findings) {
    result.emplace_back(one.kind);
  }
  return result;
}

struct SizeRow {
  const char* name;
  RunKind kind;
  std::vector<std::int64_t> earlier;
  std::int64_t now;
  std::string finding;  ///< empty: none
};
class Sizes : public ::testing::TestWithParam<SizeRow> {};

TEST_P(Sizes, AreMeasuredByTheMedianOfTheLastFiveOfTheirKind) {
  const SizeRow& row = GetParam();
  const auto found = kinds(watch(run(row.kind, row.now), series(row.kind, row.earlier)));
  EXPECT_EQ(found, row.finding.empty() ? std::vector<std::string>{}
                                       : std::vector<std::string>{row.finding});
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Sizes,
    ::testing::Values(
        SizeRow{"AsUsual", RunKind::day, {900, 1'000, 1'100, 950, 1'020}, 980, ""},
        SizeRow{"Half", RunKind::day, {1'000, 1'000, 1'000, 1'000, 1'000}, 500, ""},
        SizeRow{
            "LessThanHalf", RunKind::day, {1'000, 1'000, 1'000, 1'000, 1'000}, 499, "few_records"},
        SizeRow{"OneOutlierIsNoMeasure", RunKind::day, {100, 110, 90'000, 105, 95}, 60, ""},
        SizeRow{"None", RunKind::day, {1'000, 1'000, 1'000, 1'000, 1'000}, 0, "no_records"},
        SizeRow{"NoneOfTheVeryFirst", RunKind::day, {}, 0, "no_records"},
        SizeRow{"QuietDaysAreUsual", RunKind::day, {0, 3, 0, 0, 2}, 0, ""},
        SizeRow{"OneDayTellsLittle", RunKind::day, {1'000, 1'000}, 100, ""},
        SizeRow{"OneWholeTellsMuch", RunKind::whole, {1'000}, 499, "few_records"},
        SizeRow{"DaysOfLongAgo", RunKind::again, {1'000, 1'000, 1'000, 1'000, 1'000}, 3, ""},
        SizeRow{"AnOldDayWithoutAny", RunKind::again, {}, 0, ""},
        SizeRow{"NoOldDayHasAny", RunKind::again, {1'000, 900, 800}, 0, "no_records"},
        SizeRow{"ByParameters", RunKind::other, {1'000, 1'000, 1'000, 1'000, 1'000}, 0, ""}),
    [](const auto& test) { return std::string{test.param.name}; });

TEST(Watch, OnlyRunsOfTheSameKindCount) {
  std::vector<PastRun> earlier = series(RunKind::whole, {90'000, 90'000, 90'000});
  keep_past_run(earlier, run(RunKind::day, 10));
  EXPECT_THAT(watch(run(RunKind::day, 9), earlier), IsEmpty());
  EXPECT_THAT(kinds(watch(run(RunKind::whole, 9), earlier)), ElementsAre("few_records"));
}

TEST(Watch, NamesWhatItMeasuredBy) {
  const auto found =
      watch(run(RunKind::day, 100), series(RunKind::day, {800, 900, 1'000, 900, 900}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].found, 100);
  EXPECT_EQ(found[0].usual, 900);
  EXPECT_EQ(found[0].message, "100 records; the last 5 runs of this kind had 900 (median)");
}

struct DropRow {
  const char* name;
  LeftOut usual;
  std::int64_t emitted;
  LeftOut now;
  std::vector<std::string> reasons;
};
class Drops : public ::testing::TestWithParam<DropRow> {};

TEST_P(Drops, TenTimesTheUsualOfOneReasonAreOutOfTheOrdinary) {
  const DropRow& row = GetParam();
  std::vector<PastRun> earlier;
  for (int i = 0; i < 5; ++i) {
    keep_past_run(earlier, run(RunKind::day, 1'000, row.usual));
  }
  std::vector<std::string> reasons;
  for (const Finding& one : watch(run(RunKind::day, row.emitted, row.now), earlier)) {
    EXPECT_EQ(one.kind, "many_drops");
    reasons.push_back(one.reason);
  }
  EXPECT_EQ(reasons, row.reasons);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Drops,
    ::testing::Values(
        DropRow{"TenTimes",
                {{"dropped.no_image", 20}},
                800,
                {{"dropped.no_image", 200}},
                {"dropped.no_image"}},
        DropRow{"NineTimes", {{"dropped.no_image", 20}}, 1'000, {{"dropped.no_image", 180}}, {}},
        DropRow{"ANewReason",
                {},
                900,
                {{"rejected.malformed_payload", 100}},
                {"rejected.malformed_payload"}},
        DropRow{"AFewOfANewReason", {}, 900, {{"rejected.malformed_payload", 9}}, {}},
        DropRow{"OneInAThousand", {}, 100'000, {{"dropped.no_image", 100}}, {}},
        DropRow{"ADayTenTimesAsLarge",
                {{"dropped.no_image", 20}},
                10'000,
                {{"dropped.no_image", 200}},
                {}},
        DropRow{"EachReasonForItself",
                {{"dropped.no_image", 20}, {"dropped.missing_url", 30}},
                800,
                {{"dropped.no_image", 300}, {"dropped.missing_url", 30}},
                {"dropped.no_image"}}),
    [](const auto& test) { return std::string{test.param.name}; });

// A year of days: noise, weekends with half as many, a slow trend, a few quiet weeks.
TEST(Watch, OrdinaryVariationRaisesNothing) {
  std::mt19937 random{7};
  for (const double level : {40.0, 400.0, 20'000.0}) {
    std::vector<PastRun> earlier;
    for (int day = 0; day < 365; ++day) {
      const double season = 1 + 0.2 * std::sin(day / 58.0);
      const double weekend = day % 7 >= 5 ? 0.65 : 1;
      std::normal_distribution<double> noise{1, 0.08};
      const auto emitted =
          static_cast<std::int64_t>(level * season * weekend * std::max(0.8, noise(random)));
      std::poisson_distribution<std::int64_t> drops{level * 0.02};
      PastRun today = run(RunKind::day, emitted, {{"dropped.no_image", drops(random)}});
      EXPECT_THAT(watch(today, earlier), IsEmpty()) << "day " << day << " of " << level;
      keep_past_run(earlier, std::move(today));
    }
  }
}

// Somebody is told for as long as it is news; then it is what is usual.
TEST(Watch, ASourceThatGoesQuietIsToldOfForThreeDays) {
  std::vector<PastRun> earlier = series(RunKind::day, {900, 950, 1'000, 970, 930});
  std::vector<int> told;
  for (int day = 1; day <= 10; ++day) {
    PastRun today = run(RunKind::day, 0);
    if (!watch(today, earlier).empty()) {
      told.push_back(day);
    }
    keep_past_run(earlier, std::move(today));
  }
  EXPECT_THAT(told, ElementsAre(1, 2, 3));
  forget_past_runs(earlier, RunKind::day);
  EXPECT_THAT(kinds(watch(run(RunKind::day, 0), earlier)), ElementsAre("no_records"));
}

TEST(PastRuns, KeepFiveOfEachKindAndComeBackFromJson) {
  std::vector<PastRun> runs;
  for (int i = 0; i < 8; ++i) {
    keep_past_run(runs, run(RunKind::day, i));
    keep_past_run(runs, run(RunKind::whole, 100 + i, {{"dropped.no_image", i}}));
  }
  EXPECT_EQ(runs.size(), 10U);
  EXPECT_EQ(runs.front().emitted, 3);
  const auto back = PastRun::from_json(runs.back().to_json());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, RunKind::whole);
  EXPECT_EQ(back->left_out, (LeftOut{{"dropped.no_image", 7}}));
  EXPECT_FALSE(PastRun::from_json(json::value{}));
}

}  // namespace
}  // namespace freshet
