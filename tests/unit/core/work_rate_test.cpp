#include "core/work_rate.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr WorkRate::Time kStart{};

TEST(WorkRate, KnowsNothingAtFirst) {
  const WorkRate rate{kStart};
  EXPECT_EQ(rate.per_second(), 0);
  EXPECT_EQ(rate.note("one"), "");
}

TEST(WorkRate, IsThatOfFullSecondsWhereThereAreAny) {
  WorkRate rate{kStart};
  rate.done(40);
  rate.look(kStart + 2s, false);
  EXPECT_DOUBLE_EQ(rate.per_second(), 20) << "the best there was";
  rate.look(kStart + 3s, true);
  rate.done(10);
  rate.look(kStart + 4s, true);
  EXPECT_DOUBLE_EQ(rate.per_second(), 10) << "a full second, if a slower one";
  rate.done(1'000);
  rate.look(kStart + 4s + 500ms, true);
  EXPECT_DOUBLE_EQ(rate.per_second(), 10) << "no second has passed";
  rate.look(kStart + 5s, true);
  EXPECT_GT(rate.per_second(), 10);
}

TEST(WorkRate, IsReadFromNotes) {
  WorkRate rate{kStart};
  rate.done(25);
  rate.look(kStart + 2s, false);
  const auto note = WorkRate::parse_note(rate.note("sink.postgres.a=b"));
  ASSERT_TRUE(note);
  EXPECT_DOUBLE_EQ(note->per_second, 12.5);
  EXPECT_EQ(note->member, "sink.postgres.a=b");
  for (const char* other : {"", "rate=", "rate=x of=y", "rate=1.5", "rate=0.0 of=y", "of=y"}) {
    EXPECT_FALSE(WorkRate::parse_note(other)) << other;
  }
}

TEST(WorkRate, OfAGroupCountsEachMemberOnce) {
  const std::map<int, std::string> notes{
      {0, "rate=10.0 of=a"}, {1, "rate=10.0 of=a"}, {2, "rate=5.0 of=b"}, {3, "hello"}};
  EXPECT_DOUBLE_EQ(WorkRate::sum(notes), 15);
}

}  // namespace
}  // namespace freshet
