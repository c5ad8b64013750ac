#include "api/kept_secret.hpp"

#include <gtest/gtest.h>

namespace freshet::api {
namespace {

TEST(KeptSecret, IsReadAnewAfterAWhileAndHoldsWhileTheStoreIsAway) {
  const Error away{Errc::unreachable, Retry::after_backoff, "away"};
  auto now = KeptSecret::Clock::now();
  KeptSecret kept;
  EXPECT_FALSE(kept.get(now));
  EXPECT_FALSE(kept.take(away, now)) << "there is none to go on with";
  EXPECT_FALSE(kept.get(now));
  EXPECT_EQ(kept.take(std::string{"one"}, now).value(), "one");
  now += KeptSecret::kKept - std::chrono::seconds{1};
  EXPECT_EQ(kept.get(now), "one");
  now += std::chrono::seconds{1};
  EXPECT_FALSE(kept.get(now));
  EXPECT_EQ(kept.take(away, now).value(), "one");
  EXPECT_EQ(kept.get(now), "one") << "not asked for with every request";
  now += KeptSecret::kTryAgain;
  EXPECT_FALSE(kept.get(now));
  EXPECT_EQ(kept.take(std::string{"two"}, now).value(), "two");
  EXPECT_EQ(kept.get(now), "two");
}

}  // namespace
}  // namespace freshet::api
