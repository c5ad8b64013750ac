#include "producers/list_guard.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace freshet {
namespace {

// Longer than what is remembered one by one, and the run is interrupted all the time.
TEST(CycleMark, FindsALongCycleAcrossResumes) {
  constexpr std::uint64_t kBefore = 3'000;
  constexpr std::uint64_t kCycle = 5'000;
  CycleMark mark;
  std::uint64_t step = 0;
  for (;; ++step) {
    ASSERT_LT(step, 4 * (kBefore + kCycle));
    const std::uint64_t value = step < kBefore ? step : kBefore + (step - kBefore) % kCycle;
    if (mark.meets(value * 7)) {
      break;
    }
    if (step % 100 == 0) {
      mark = CycleMark::from_json(mark.to_json());
    }
  }
  EXPECT_GE(step, kBefore + kCycle);
}

TEST(CycleMark, FindsNoneWhereThereIsNone) {
  CycleMark mark;
  for (std::uint64_t step = 0; step < 100'000; ++step) {
    ASSERT_FALSE(mark.meets(step));
  }
}

TEST(CycleMark, BeginsAnewAfterAStateThatIsNone) {
  for (const char* text : {"null", "{}", "[]", R"(["x",1,0])", R"(["0000000000000001",0,0])",
                           R"(["0000000000000001",1,-1])", R"([1,1,1])",
                           R"(["0000000000000001",9223372036854775807,1])"}) {
    EXPECT_EQ(CycleMark::from_json(*parse_json(text)).length, 0) << text;
  }
}

TEST(ListGuard, ARunThatGoesOnMayAskForTheInterruptedPageAgain) {
  ListGuard first;
  first.start_set(0);
  ASSERT_TRUE(first.asks_anew(1));
  ListGuard second;
  second.resume_set(0, first.marks());
  EXPECT_TRUE(second.asks_anew(1));
  EXPECT_FALSE(second.asks_anew(1));
}

TEST(ListGuard, AMillionPagesOfNewRecordsMove) {
  ListGuard guard;
  guard.start_set(3);
  for (std::uint64_t page = 0; page < 1'000'000; ++page) {
    ASSERT_TRUE(guard.asks_anew(page));
    guard.saw(2 * page);
    guard.saw(2 * page + 1);
    ASSERT_FALSE(guard.end_page());
  }
}

// A run that dies on its way through empty pages would else be taken for complete in the end.
TEST(ListGuard, CountsEmptyPagesAcrossResumes) {
  ListMarks marks;
  std::optional<std::string> why;
  std::uint64_t page = 0;
  for (; !why; ++page) {
    ASSERT_LT(page, 1'000U);
    ListGuard guard;  // of the next process
    guard.resume_set(1, marks);
    ASSERT_TRUE(guard.asks_anew(page));
    why = guard.end_page();
    marks = guard.marks();
  }
  EXPECT_EQ(page, 100U);
  EXPECT_EQ(*why, "100 pages in a row are empty");
}

TEST(ListGuard, EmptyPagesAreFollowedForAWhile) {
  ListGuard guard;
  guard.start_set(0);
  int pages = 0;
  while (!guard.end_page()) {
    ASSERT_LT(++pages, 1'000);
  }
  EXPECT_EQ(pages, 99);
}

}  // namespace
}  // namespace freshet
