#include "processors/catalogue/readiness.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(CatalogueReadiness, SaysWhatIsMissingAndOutlivesTheLoops) {
  CatalogueReadiness readiness;
  EXPECT_EQ(readiness.not_ready(), "no partitions yet");
  readiness.await_topics(true);
  EXPECT_EQ(readiness.not_ready(), "topics are missing");
  readiness.await_topics(false);
  auto loops = std::make_shared<LoopStatuses>(2);
  readiness.watch(loops);
  loops->at(0).assigned = true;
  EXPECT_EQ(readiness.not_ready(), "no partitions yet");
  loops->at(1).assigned = true;
  EXPECT_EQ(readiness.not_ready(), std::nullopt);
  loops.reset();  // as when a start fails while somebody asks
  EXPECT_EQ(readiness.not_ready(), std::nullopt);
  readiness.watch(nullptr);
  EXPECT_EQ(readiness.not_ready(), "no partitions yet");
}

}  // namespace
}  // namespace freshet
