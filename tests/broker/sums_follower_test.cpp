#include "processors/catalogue/sums_follower.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/kafka/producer.hpp"
#include "core/topics.hpp"
#include "processors/sums/partition_sums.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

class FollowedSums : public ::testing::Test {
 protected:
  static constexpr int kPartitions = 2;

  FollowedSums() {
    cluster_.create_topic(std::string{topics::kPolicy}, 1);
    cluster_.create_topic(std::string{topics::kTotals}, kPartitions);
  }

  /// A full run that was counted in every partition and missed nothing.
  void count_run(const std::string& provider, std::int64_t started_ms) {
    const std::string value =
        encode_totals(RunCount{UtcTime::from_millis(started_ms), 5, 0, true, {}}.to_totals());
    for (int number = 0; number < kPartitions; ++number) {
      const std::string key = "run.image:" + provider + ":" + std::to_string(number);
      ASSERT_TRUE(producer_.produce({.topic = topics::kTotals,
                                     .partition = kafka::Partition{number},
                                     .key = key,
                                     .value = value,
                                     .headers = nullptr,
                                     .timestamp = std::nullopt}));
    }
    ASSERT_TRUE(producer_.flush(10s));
  }

  std::int64_t said() {
    const auto marks = probe_.watermarks({std::string{topics::kPolicy}, kafka::Partition{0}}, 10s);
    EXPECT_TRUE(marks);
    return marks ? marks->high.value : -1;
  }
  bool await_said(std::int64_t messages) {
    for (const auto until = steady_clock::now() + 20s; steady_clock::now() < until;) {
      if (said() >= messages) {
        return true;
      }
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }

  test::MockCluster cluster_;
  Config::Kafka config_ = cluster_.config();
  Metrics metrics_;
  kafka::Producer producer_{config_, {}};
  kafka::Consumer probe_{config_, {}};
};

TEST_F(FollowedSums, AreAnsweredOnceEach) {
  count_run("met", 1'000);
  kafka::PolicyReader policy{config_, "test", metrics_};
  const SumsFollower follower{config_, kPartitions, policy, metrics_, [] { return true; }};
  ASSERT_TRUE(await_said(1));
  count_run("met", 2'000);
  ASSERT_TRUE(await_said(2));
  ASSERT_TRUE(policy.catch_up([] { return true; }));
  const auto state = policy.state();
  const auto* rule = state->policy->find<RemovalRule>("removal:image:met");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->approved_before, UtcTime::from_millis(2'000));
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(said(), 2);
}

TEST_F(FollowedSums, AnAnswerThatPolicyWouldNotTakeIsNotSaid) {
  count_run("no:provider", 1'000);
  kafka::PolicyReader policy{config_, "test", metrics_};
  const SumsFollower follower{config_, kPartitions, policy, metrics_, [] { return true; }};
  count_run("met", 1'000);
  ASSERT_TRUE(await_said(1)) << "others are answered all the same";
  std::this_thread::sleep_for(1'500ms);
  EXPECT_EQ(said(), 1);
  ASSERT_TRUE(policy.catch_up([] { return true; }));
  EXPECT_NE(policy.state()->policy->find<RemovalRule>("removal:image:met"), nullptr);
}

}  // namespace
}  // namespace freshet
