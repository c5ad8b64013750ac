#include "processors/state/changelog_position.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(ChangelogPosition, IsPastWhatWasSentAndTheMarkerBehindIt) {
  ChangelogPosition at{10};
  at.sent(3);
  EXPECT_EQ(at.next(), 14);
  at.sent(1);
  EXPECT_EQ(at.next(), 16);
}

TEST(ChangelogPosition, StaysWhereABatchSentNothing) {
  ChangelogPosition at{10};
  at.sent(0);
  EXPECT_EQ(at, ChangelogPosition{10}) << "a transaction without records here leaves no marker";
}

TEST(ChangelogPosition, FollowsWhatIsRead) {
  ChangelogPosition at;
  at.read_to(7);
  EXPECT_EQ(at.next(), 7);
  at.read_to(0);  // all is to be read again
  EXPECT_EQ(at, ChangelogPosition{});
}

TEST(ChangelogPositions, RememberTheGreatestTime) {
  ChangelogPositions at;
  at.written_until(5);
  at.written_until(3);
  EXPECT_EQ(at.written_ms, 5);
}

}  // namespace
}  // namespace freshet
