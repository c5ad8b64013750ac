#include <gtest/gtest.h>

#include "core/check.hpp"
#include "core/kafka/producer.hpp"
#include "core/topics.hpp"
#include "operate/policy.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

const std::string kKey = "source:met";

class SayPolicy : public ::testing::Test {
 protected:
  SayPolicy() {
    cluster_.create_topic(std::string{topics::kPolicy}, 1);
    settings_.kafka = cluster_.config();
  }

  Context context() { return {settings_, metrics_, stop_.get_token()}; }
  PolicySaid hide(bool hidden) {
    const Context with = context();
    return say_policy(with, read_policy(with), kKey, SourceRule{hidden}, {"someone", "because"});
  }
  std::int64_t messages() {
    kafka::Consumer probe{settings_.kafka, {}};
    return probe.watermarks({std::string{topics::kPolicy}, kafka::Partition{0}}, 10s)->high.value;
  }

  test::MockCluster cluster_;
  Config settings_;
  Metrics metrics_;
  std::stop_source stop_;
};

TEST_F(SayPolicy, IsInForceWhenItIsSaid) {
  EXPECT_TRUE(hide(true).is_changed);
  const Policy policy = read_policy(context());
  EXPECT_TRUE(policy.find<SourceRule>(kKey)->hidden);
  EXPECT_FALSE(hide(true).is_changed);
  EXPECT_EQ(messages(), 1);
}

// A broker whose clock was hours ahead and was put right, or a clock here that is ahead.
TEST_F(SayPolicy, SaysSoWhenNobodyTakesIt) {
  const UtcTime ahead = UtcTime::from_millis(SystemClock{}.now().millis() + 10 * 3'600'000);
  const std::string value =
      encode_policy_value({ahead.millis(), ahead, "someone", "because", SourceRule{false}});
  const kafka::Headers headers{
      {std::string{schema_header::kName}, std::string{schema_header::kPolicy}}};
  kafka::Producer producer{settings_.kafka, {}};
  ASSERT_TRUE(producer.produce({.topic = topics::kPolicy,
                                .partition = kafka::Partition{0},
                                .key = kKey,
                                .value = value,
                                .headers = &headers,
                                .timestamp = ahead}));
  ASSERT_TRUE(producer.flush(10s));
  EXPECT_THROW(hide(true), WorkFailed);
}

TEST_F(SayPolicy, WhoIsToldToStopSaysNothing) {
  hide(false);
  stop_.request_stop();
  EXPECT_THROW(hide(true), WorkFailed);
  EXPECT_EQ(messages(), 1);
}

}  // namespace
}  // namespace freshet
