#include "thumbnails/failures.hpp"

#include <gtest/gtest.h>

namespace freshet::thumbnails {
namespace {

constexpr Failures::Clock::time_point kStart{};

TEST(Failures, GiveUpAFileThatFailedMoreThanTwice) {
  Failures failures{10};
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(failures.is_given_up(1, kStart)) << i;
    failures.add(1, kStart);
  }
  EXPECT_TRUE(failures.is_given_up(1, kStart));
  EXPECT_FALSE(failures.is_given_up(2, kStart));
}

TEST(Failures, TryAgainWhenTwoDaysAreOver) {
  Failures failures{10};
  for (int i = 0; i < 3; ++i) {
    failures.add(1, kStart);
  }
  const auto later = kStart + Failures::kWindow;
  EXPECT_TRUE(failures.is_given_up(1, later - std::chrono::seconds{1}));
  EXPECT_FALSE(failures.is_given_up(1, later));
  failures.add(1, later);  // a window of its own
  EXPECT_FALSE(failures.is_given_up(1, later));
}

TEST(Failures, AreForgottenWithTheFirstSuccess) {
  Failures failures{10};
  for (int i = 0; i < 3; ++i) {
    failures.add(1, kStart);
  }
  failures.forget(1);
  failures.forget(7);
  EXPECT_FALSE(failures.is_given_up(1, kStart));
}

TEST(Failures, AreBounded) {
  Failures failures{2};
  for (int i = 0; i < 3; ++i) {
    failures.add(1, kStart);
    failures.add(2, kStart);
  }
  failures.add(1, kStart);  // the one that lies back less
  failures.add(3, kStart);
  EXPECT_TRUE(failures.is_given_up(1, kStart));
  EXPECT_FALSE(failures.is_given_up(2, kStart));
}

}  // namespace
}  // namespace freshet::thumbnails
