#include <gmock/gmock.h>

#include "core/kafka/admin.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/producer.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Port 1 (tcpmux) refuses connections on any machine that tests run on.
Config::Kafka nowhere() {
  Config::Kafka config;
  config.brokers = "127.0.0.1:1";
  return config;
}

TEST(Unreachable, AdminNamesTheAddressAndTheCause) {
  Admin admin{nowhere()};
  const auto answer = admin.reachable(2s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().errc(), Errc::unreachable);
  EXPECT_THAT(answer.error().message(), HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(answer.error().message(), HasSubstr("refused"));
}

TEST(Unreachable, ABrokerThatAnswersIsReachable) {
  const test::MockCluster cluster;
  Admin admin{cluster.config()};
  EXPECT_TRUE(admin.reachable(10s));
}

TEST(Unreachable, ConsumerSaysSoAndMayTryAgain) {
  Consumer consumer{nowhere(), {}};
  ASSERT_TRUE(consumer.assign({{{"t", Partition{0}}, Offset{0}}}));
  std::optional<Error> told;
  for (int i = 0; i < 50 && !told; ++i) {
    if (const auto polled = consumer.poll(100ms, 10); !polled) {
      told = polled.error();
    }
  }
  ASSERT_TRUE(told);
  EXPECT_EQ(told->errc(), Errc::unreachable);
  EXPECT_EQ(told->retry(), Retry::after_backoff);
}

TEST(Unreachable, RegistrationEndsWithItsTime) {
  ProducerOptions options;
  options.transactional_id = "x";
  Producer producer{nowhere(), options};
  const auto start = std::chrono::steady_clock::now();
  const auto registered = producer.init_transactions(1s);
  ASSERT_FALSE(registered);
  EXPECT_EQ(registered.error().retry(), Retry::after_backoff);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

}  // namespace
}  // namespace freshet::kafka
