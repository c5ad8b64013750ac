#include "processors/sums/popularity.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "processors/sums/aggregate.hpp"
#include "processors/sums/popularity_estimates.hpp"

namespace freshet {
namespace {

TEST(ScoreTolerance, IsSharedByWhatAConstantMayLagAndWhatAWorkMay) {
  // The least that is not published again, and the most that a bucket is off.
  EXPECT_LE(most_moved_score((1 + kLeastMove) * 1.005), kConstantShare);
  EXPECT_LE(most_moved_score(1 / ((1 - kLeastMove) * 0.995)), kConstantShare);
  EXPECT_DOUBLE_EQ(kConstantShare + kLeastScoreMove, kScoreTolerance);
}

TEST(MostMovedScore, IsNeverPassedAndIsReached) {
  for (const double ratio : {1.02, 1.5, 10.0, 0.3}) {
    double most = 0;
    for (double metric = 0.01; metric < 1'000; metric *= 1.001) {
      most = std::max(most, std::abs(metric / (metric + 3) - metric / (metric + 3 * ratio)));
    }
    EXPECT_NEAR(most_moved_score(ratio), most, 1e-6) << ratio;
  }
}

std::string derived(std::string_view score, std::string_view hidden = "", int policy = 1) {
  return R"({"hidden_tags":[)" + std::string{hidden} + R"(],"sensitivity":[],"popularity":)" +
         std::string{score} + R"(,"authority":75,"policy":)" + std::to_string(policy) + "}";
}

TEST(DerivedAlike, IsWhatAReaderSeesAsTheSame) {
  EXPECT_TRUE(is_derived_alike(derived("0.5"), derived("0.5", "", 2)));
  EXPECT_TRUE(is_derived_alike(derived("0.5"), derived("0.513")));
  EXPECT_TRUE(is_derived_alike(derived("0.5"), derived("0.487")));
  EXPECT_FALSE(is_derived_alike(derived("0.5"), derived("0.514")));
  EXPECT_FALSE(is_derived_alike(derived("0.5"), derived("0.486")));
  EXPECT_TRUE(is_derived_alike(derived("null"), derived("null", "", 9)));
  EXPECT_FALSE(is_derived_alike(derived("null"), derived("0")));
  EXPECT_FALSE(is_derived_alike(derived("0.001"), derived("null")));
  EXPECT_FALSE(is_derived_alike(derived("0.5"), derived("0.5", "3")));
}

// Another writer's form is written anew rather than read cleverly.
TEST(DerivedAlike, IsNotWhatCannotBeRead) {
  EXPECT_FALSE(is_derived_alike("", derived("0.5")));
  EXPECT_FALSE(is_derived_alike(R"({"policy":1,"popularity":0.5})", derived("0.5")));
  EXPECT_FALSE(is_derived_alike(R"({"a":1,"popularity":0.5,"policy":1})", derived("0.5")));
  EXPECT_FALSE(is_derived_alike(derived(R"("half")"), derived("0.5")));
}

constexpr std::string_view kScope = "image:flickr";

TEST(Estimates, BeginWithWhatIsKnown) {
  PopularityEstimates estimates;
  EXPECT_EQ(estimates.constant(kScope, 0.85, std::nullopt, 0), std::nullopt);
  EXPECT_EQ(estimates.constant(kScope, 0.85, 7, 0), 7);
  for (int i = 1; i < PopularityEstimates::kLeastCounted; ++i) {
    estimates.count(kScope, 100);
  }
  EXPECT_EQ(estimates.constant(kScope, 0.85, std::nullopt, 0), std::nullopt);
  estimates.count(kScope, 100);
  EXPECT_NEAR(*estimates.constant(kScope, 0.85, std::nullopt, 0), 100 * 3 / 17.0, 1e-9);
  EXPECT_EQ(estimates.constant("image:nappy", 0.85, std::nullopt, 0), std::nullopt);
}

TEST(Estimates, HoldOnlyWhileTheyRestOnMoreThanTwiceTheWorks) {
  PopularityEstimates estimates;
  for (int i = 0; i < 101; ++i) {
    estimates.count(kScope, 17);
  }
  EXPECT_EQ(estimates.constant(kScope, 0.85, 7, 50), 7);
  EXPECT_NEAR(*estimates.constant(kScope, 0.85, 7, 49), 3, 1e-9);
  // What policy publishes again, and what a loop then leaves to it, are one and the same number.
  EXPECT_FALSE(rests_on_few(50, 101));
  EXPECT_TRUE(rests_on_few(49, 101));
}

TEST(Estimates, FollowWhatIsCountedAndForgetWhatMayBeGone) {
  PopularityEstimates estimates;
  for (int i = 0; i < 1'000; ++i) {
    estimates.count(kScope, i < 100 ? 17 : 34);
    estimates.constant(kScope, 0.85, 7, 1);
  }
  EXPECT_NEAR(*estimates.constant(kScope, 0.85, 7, 1), 6, 1e-9);
  estimates.forget("image:nappy");
  EXPECT_NEAR(*estimates.constant(kScope, 0.85, 7, 1), 6, 1e-9);
  estimates.forget(kScope);
  EXPECT_EQ(estimates.constant(kScope, 0.85, 7, 1), 7);
}

// Each work once: what was not committed comes again.
TEST(Estimates, AreOfWhatAllLoopsHaveCommitted) {
  EstimatePool pool;
  PopularityEstimates one{pool};
  PopularityEstimates other{pool};
  const auto count = [](PopularityEstimates& estimates, int works) {
    for (int i = 0; i < works; ++i) {
      estimates.count(kScope, 17);
    }
  };
  one.begin();
  other.begin();
  count(one, 60);
  EXPECT_NEAR(*one.constant(kScope, 0.85, 7, 29), 3, 1e-9) << "its own batch counts at once";
  EXPECT_EQ(other.constant(kScope, 0.85, 7, 0), 7);
  one.rollback();
  EXPECT_EQ(one.constant(kScope, 0.85, 7, 0), 7);
  one.begin();
  count(one, 60);
  one.commit();
  EXPECT_EQ(other.constant(kScope, 0.85, 7, 0), 7) << "not in the middle of its batch";
  other.begin();
  count(other, 10);
  EXPECT_NEAR(*other.constant(kScope, 0.85, 7, 34), 3, 1e-9);
  EXPECT_EQ(other.constant(kScope, 0.85, 7, 35), 7) << "70 works, not 130";
  other.commit();
  one.begin();
  EXPECT_NEAR(*one.constant(kScope, 0.85, 7, 34), 3, 1e-9);
  one.forget(kScope);
  other.begin();
  EXPECT_EQ(other.constant(kScope, 0.85, 7, 0), 7);
}

}  // namespace
}  // namespace freshet
