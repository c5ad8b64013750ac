#include "core/kafka/rejoins.hpp"

#include <gtest/gtest.h>

namespace freshet::kafka {
namespace {

using std::chrono::seconds;

TEST(Rejoins, AreFewAtATimeAndAsManyAsItTakesOverTime) {
  Rejoins rejoins;
  const Rejoins::Time start{};
  for (std::size_t i = 0; i < Rejoins::kMost; ++i) {
    EXPECT_TRUE(rejoins.take(start + seconds{5 * i}));
  }
  EXPECT_FALSE(rejoins.take(start + seconds{20}));
  EXPECT_TRUE(rejoins.take(start + Rejoins::kWithin));
  EXPECT_FALSE(rejoins.take(start + Rejoins::kWithin));
  for (int i = 2; i < 100; ++i) {
    EXPECT_TRUE(rejoins.take(start + i * Rejoins::kWithin));
  }
}

}  // namespace
}  // namespace freshet::kafka
