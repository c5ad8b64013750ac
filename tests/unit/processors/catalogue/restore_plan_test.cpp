// What a restore decides, without a broker to ask.
#include "processors/catalogue/restore_plan.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace freshet {
namespace {

using Until = Changelog::Until;

TEST(StartOfInput, IsTheBeginningWhereTheTopicEndsBeforeTheOffset) {
  const kafka::Watermarks marks{kafka::Offset{3}, kafka::Offset{10}};
  EXPECT_EQ(start_of_input(kafka::Offset{10}, marks), kafka::Offset{10});
  EXPECT_EQ(start_of_input(kafka::Offset{0}, marks), kafka::Offset{0});
  EXPECT_EQ(start_of_input(kafka::Consumer::kBeginning, marks), kafka::Consumer::kBeginning);
  EXPECT_EQ(start_of_input(kafka::Offset{11}, marks), kafka::Consumer::kBeginning);
  EXPECT_EQ(start_of_input(kafka::Offset{1}, {kafka::Offset{0}, kafka::Offset{0}}),
            kafka::Consumer::kBeginning);
}

TEST(UnreadInput, IsAskedOfTheLastStableOffset) {
  const kafka::Watermarks stable{kafka::Offset{3}, kafka::Offset{10}};
  EXPECT_TRUE(has_unread(kafka::Offset{9}, stable));
  EXPECT_FALSE(has_unread(kafka::Offset{10}, stable)) << "behind it is a transaction, still open";
  EXPECT_TRUE(has_unread(kafka::Consumer::kBeginning, stable));
  EXPECT_TRUE(has_unread(kafka::Offset{0}, stable)) << "what was deleted does not count";
  const kafka::Watermarks empty{kafka::Offset{10}, kafka::Offset{10}};
  EXPECT_FALSE(has_unread(kafka::Consumer::kBeginning, empty));
  EXPECT_FALSE(has_unread(kafka::Offset{4}, empty));
}

TEST(TargetOfAChangelog, IsItsEndOrWhatWasTakenOfIt) {
  EXPECT_EQ(target_of(Until::end, 10, kafka::Offset{4}), 10);
  EXPECT_EQ(target_of(Until::taken, 10, kafka::Offset{4}), 4);
  EXPECT_EQ(target_of(Until::taken, 10, kafka::Offset{10}), 10);
  EXPECT_EQ(target_of(Until::taken, 10, kafka::Offset{11}), 10) << "nothing there to wait for";
  EXPECT_EQ(target_of(Until::taken, 10, kafka::Consumer::kBeginning), 0);
  EXPECT_EQ(target_of(Until::taken, 0, kafka::Offset{4}), 0);
}

TEST(AStateOfAnotherTopic, IsFurtherThanTheTopic) {
  EXPECT_FALSE(is_ahead({.position = 10, .target = 10, .end = 10}));
  EXPECT_TRUE(is_ahead({.position = 11, .target = 10, .end = 10}));
  EXPECT_FALSE(is_ahead({.position = 10, .target = 4, .end = 10})) << "the end counts";
}

TEST(AStateOfAnotherTopic, HasYoungerRecordsThanItKnowsBelowItsPosition) {
  EXPECT_FALSE(is_of_earlier_topic(10, std::nullopt)) << "nothing younger at all";
  EXPECT_FALSE(is_of_earlier_topic(10, kafka::Offset{10}));
  EXPECT_FALSE(is_of_earlier_topic(10, kafka::Offset{9})) << "the marker of the last commit";
  EXPECT_TRUE(is_of_earlier_topic(10, kafka::Offset{8}));
  EXPECT_FALSE(is_of_earlier_topic(0, kafka::Offset{0})) << "an empty state is of any topic";
}

struct Taken {
  std::string name;
  ChangelogBounds bounds;
  bool was_begun_anew;
  TakenState expected;
};

class StateOfAnInput : public testing::TestWithParam<Taken> {};

TEST_P(StateOfAnInput, IsKeptOrForgotten) {
  const Taken& row = GetParam();
  EXPECT_EQ(judge_taken(row.bounds, row.was_begun_anew), row.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Restore, StateOfAnInput,
    testing::Values(Taken{"Empty", {0, 0, 0}, false, TakenState::kept},
                    Taken{"EmptyAndAllWasTaken", {0, 10, 10}, false, TakenState::kept},
                    Taken{"AtTheTarget", {10, 10, 20}, false, TakenState::kept},
                    Taken{"BehindTheTarget", {5, 10, 20}, false, TakenState::maybe_too_old},
                    // An aborted batch: the group's offset stayed, and so did the state.
                    Taken{"PastTheTarget", {15, 10, 20}, false, TakenState::kept},
                    Taken{"PastTheEnd", {21, 10, 20}, false, TakenState::of_other_topic},
                    Taken{"TopicBegunAnew", {5, 0, 20}, true, TakenState::of_other_topic},
                    Taken{"EmptyAndTopicBegunAnew", {0, 0, 20}, true, TakenState::kept}),
    [](const auto& row) { return row.param.name; });

TEST(StateOfAnInput, IsTooOldWhereTombstonesMayBeGone) {
  const ChangelogBounds bounds{.position = 5, .target = 10, .end = 20};
  EXPECT_FALSE(is_too_old(bounds, kafka::Offset{5}));
  EXPECT_FALSE(is_too_old(bounds, kafka::Offset{4}));
  EXPECT_TRUE(is_too_old(bounds, kafka::Offset{6}));
  EXPECT_TRUE(is_too_old(bounds, std::nullopt)) << "all that lies there is older";
}

}  // namespace
}  // namespace freshet
