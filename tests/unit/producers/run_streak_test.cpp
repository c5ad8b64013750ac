#include "producers/run_streak.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet {
namespace {

using ::testing::HasSubstr;
using enum Answered;

Streak::Step next(Streak& streak, std::vector<Answered> answers, bool has_records = false) {
  return streak.next(answers, has_records);
}

TEST(Streak, BeginsWithTheFirstRecordThatGetsNoAnswerAndEndsWithAnAnswer) {
  Streak streak{false, false};
  EXPECT_FALSE(next(streak, {}).has_begun);
  EXPECT_FALSE(next(streak, {usable}, true).is_held);
  const auto first = next(streak, {refused});
  EXPECT_TRUE(first.has_begun);
  EXPECT_TRUE(first.is_held);
  EXPECT_FALSE(first.releases);
  const auto second = next(streak, {gone});
  EXPECT_FALSE(second.has_begun);
  EXPECT_TRUE(second.is_held);
  EXPECT_TRUE(streak.goes_on());
  const auto answered = next(streak, {usable}, true);
  EXPECT_TRUE(answered.releases);
  EXPECT_FALSE(answered.is_held);
  EXPECT_FALSE(streak.goes_on());
}

TEST(Streak, HoldsBackOnlyWhatLacksItsRecordsBecauseOfIt) {
  Streak streak{true, false};
  next(streak, {refused});
  EXPECT_FALSE(next(streak, {}).is_held) << "it asked for nothing, so nothing was refused";
  EXPECT_FALSE(next(streak, {refused}, true).is_held) << "it did without";
  EXPECT_TRUE(next(streak, {refused}).is_held);
}

TEST(Streak, ARefusalThatIsAnsweredWithinOneRecordIsNoStreak) {
  Streak streak{true, false};
  const auto step = next(streak, {refused, usable}, true);
  EXPECT_FALSE(step.has_begun);
  EXPECT_TRUE(step.releases);
}

TEST(Streak, TenRefusalsInARowAreASourceThatIsAway) {
  Streak streak{true, true};  // not even an operator passes them
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(next(streak, {refused}).away, "");
  }
  EXPECT_THAT(next(streak, {refused}).away, HasSubstr("10 requests in a row"));
  Streak two{true, false};
  for (int i = 0; i < 4; ++i) {
    next(two, {refused, refused});
  }
  EXPECT_NE(next(two, {refused, refused}).away, "") << "each request counts";
}

struct GoneRow {
  const char* name;
  bool has_details;
  int believed;  ///< so many gone in a row
};
class Gone : public ::testing::TestWithParam<GoneRow> {};

TEST_P(Gone, AreBelievedAsFarAsTheSourceHasShownThatItHasSome) {
  const auto& row = GetParam();
  Streak streak{row.has_details, false};
  for (int i = 0; i < row.believed; ++i) {
    ASSERT_EQ(next(streak, {gone}).away, "") << i;
  }
  EXPECT_THAT(next(streak, {gone}).away, HasSubstr("--skip-errors"));

  Streak skipping{row.has_details, true};
  for (int i = 0; i < row.believed; ++i) {
    next(skipping, {gone});
  }
  const auto passed = next(skipping, {gone});
  EXPECT_EQ(passed.away, "");
  EXPECT_THAT(passed.passed_over, HasSubstr("as if all were"));
  EXPECT_EQ(next(skipping, {gone}).passed_over, "") << "a cluster is reported once";
  next(skipping, {usable});
  for (int i = 0; i < 999; ++i) {
    ASSERT_EQ(next(skipping, {gone}).passed_over, "");
  }
  EXPECT_NE(next(skipping, {gone}).passed_over, "") << "the next one is another";
}

INSTANTIATE_TEST_SUITE_P(Rows, Gone,
                         ::testing::Values(GoneRow{"AtFirst", false, 9},
                                           GoneRow{"AmongOthers", true, 999}),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(Streak, AtTheEndOfTheListALongClusterIsNotBelieved) {
  for (const int length : {99, 100}) {
    Streak streak{true, false};
    for (int i = 0; i < length; ++i) {
      next(streak, {gone});
    }
    EXPECT_EQ(streak.end().away.empty(), length < 100) << length;
  }
}

TEST(Streak, HoldsCheckpointsForAWhile) {
  Streak streak{true, false};
  EXPECT_FALSE(streak.holds_checkpoints(0, 0));
  next(streak, {refused});
  EXPECT_TRUE(streak.holds_checkpoints(499, 4'999));
  EXPECT_FALSE(streak.holds_checkpoints(500, 0));
  EXPECT_FALSE(streak.holds_checkpoints(0, 5'000));
  Streak cluster{true, false};
  for (int i = 0; i < 100; ++i) {
    next(cluster, {gone});
  }
  EXPECT_TRUE(cluster.holds_checkpoints(5'000, 50'000)) << "it ends by an answer, or the run does";
}

}  // namespace
}  // namespace freshet
