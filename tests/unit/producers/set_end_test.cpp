#include "producers/set_end.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "producers/run_cursor.hpp"
#include "tests/support/fake_clock.hpp"

namespace freshet {
namespace {

using ::testing::HasSubstr;
using Verdict = SetEnds::Verdict;

/// A set that is read page by page.
struct Bench {
  Cursor cursor;
  SetEnds ends;
  SetFacts facts{.paging = Paging::counted, .batch_limit = 2, .now = FakeClock::kStart};
  std::optional<Params> following;

  Bench() { enter_set(cursor, 0, {}); }

  SetEnds::End read(std::int64_t items, std::optional<std::int64_t> announced = {},
                    bool has_next = true) {
    following = has_next ? std::optional{Params{{"page", "x"}}} : std::nullopt;
    const std::string last = items > 0 ? "last of " + std::to_string(items) : "";
    auto end = ends.page_read(cursor, {items, last, announced, false, true}, facts, following);
    if (end.verdict == Verdict::goes_on) {
      count_page(cursor, items);
      pass_page(cursor, following, {});
    }
    return end;
  }
  /// What the next process knows: the cursor, and when it is.
  void resume(std::chrono::hours later = {}) {
    ends = {};
    facts.now = facts.now + later;
  }
  RunEnd end(bool is_first_run = false) const {
    return ends.end_of_run(cursor, is_first_run, facts.now);
  }
};

TEST(SetEnds, ALinkedSetIsDoneWhenNoNextIsNamedAndOnlyThen) {
  Bench set;
  set.facts.paging = Paging::linked;
  EXPECT_EQ(set.read(0).verdict, Verdict::goes_on);
  EXPECT_EQ(set.read(2).verdict, Verdict::goes_on);
  EXPECT_EQ(set.read(0, {}, false).verdict, Verdict::done);
  EXPECT_EQ(set.end(), RunEnd::proven);
}

TEST(SetEnds, ACountedSetEndsWithAnEmptyPageBehindAShortOne) {
  Bench set;
  set.read(2);
  set.read(1);
  EXPECT_EQ(set.read(0).verdict, Verdict::done);
  EXPECT_FALSE(set.following) << "pages could be counted on";
  EXPECT_EQ(set.end(), RunEnd::proven);
}

TEST(SetEnds, AnEmptyPageBehindAFullOneProvesNothing) {
  Bench set;
  set.read(2);
  EXPECT_EQ(set.read(0).verdict, Verdict::done);
  EXPECT_EQ(set.end(), RunEnd::unproven);
  EXPECT_EQ(set.end(true), RunEnd::believed) << "no earlier run's works can be removed";
  const Cursor place = set.ends.place_of_doubt(false, {});
  EXPECT_EQ(place.next, (Params{{"page", "x"}})) << "that page is asked for again";
  EXPECT_EQ(place.doubted_at, FakeClock::kStart);
  // A day later it is empty again.
  set.cursor = place;
  set.resume(std::chrono::hours{23});
  set.read(0);
  EXPECT_EQ(set.end(), RunEnd::unproven);
  set.cursor = place;
  set.resume(std::chrono::hours{1});
  set.read(0);
  EXPECT_EQ(set.end(), RunEnd::believed);
  EXPECT_TRUE(set.ends.place_of_doubt(true, {}).is_start()) << "found again: read anew";
}

TEST(SetEnds, TheTotalProvesAnEnd) {
  Bench set;
  set.read(2, 4);
  set.read(2, 4);
  EXPECT_EQ(set.read(0, 4).verdict, Verdict::done);
  EXPECT_EQ(set.end(), RunEnd::proven);
}

TEST(SetEnds, AnEmptyPageThatDoesNotSayThatAllIsWellIsNoAnswer) {
  Bench set;
  set.read(2);
  std::optional<Params> following;
  const auto end =
      set.ends.page_read(set.cursor, {.items = 0, .is_unexplained = true}, set.facts, following);
  EXPECT_EQ(end.verdict, Verdict::failed);
}

TEST(SetEnds, FewerThanAnnouncedAreAskedForAgainAndThenTheRunIsIncomplete) {
  Bench set;
  set.facts.paging = Paging::linked;
  set.read(2, 4);
  const auto end = set.read(1, 4, false);
  EXPECT_EQ(end.verdict, Verdict::ask_again);
  EXPECT_THAT(end.why, HasSubstr("announced 4 records and named 3"));
  EXPECT_EQ(set.cursor.item, 1);
  const Cursor place = set.cursor;
  set.resume();
  EXPECT_EQ(set.read(1, 4, false).verdict, Verdict::incomplete) << "the same page again";
  set.cursor = place;
  set.resume();
  EXPECT_EQ(set.read(2, 4, false).verdict, Verdict::done) << "they were held back";
}

TEST(SetEnds, FewerAreAcceptedWhereTheOperatorSaysSoOrTheRunIsPartialAnyway) {
  Bench set;
  set.facts.paging = Paging::linked;
  set.facts.accepts_fewer = true;
  EXPECT_EQ(set.read(1, 4, false).verdict, Verdict::accepted);
  set.facts.is_partial = true;
  EXPECT_EQ(set.read(1, 4, false).verdict, Verdict::done);
}

TEST(SetEnds, ADoubtInAnEarlierSetIsNotWaitedFor) {
  Bench set;
  set.read(2);
  std::optional<Params> following = Params{{"page", "y"}};
  set.ends.page_read(set.cursor, {.items = 0, .is_of_last_set = false}, set.facts, following);
  EXPECT_EQ(set.end(), RunEnd::unproven);
  EXPECT_TRUE(set.ends.place_of_doubt(false, {}).is_start());
}

}  // namespace
}  // namespace freshet
