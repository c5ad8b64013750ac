#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "api/usage/kafka_usage_log.hpp"
#include "core/topics.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet::api {
namespace {

using namespace std::chrono_literals;

usage::Event event_of(std::size_t bytes = 0) {
  usage::Event event;
  event.event_id = usage::make_event_id();
  event.type = "OPEN_PAGES_MENU";
  event.agent = "unknown";
  event.source = std::string(bytes, 'x');
  return event;
}

class UsageLogTest : public testing::Test {
 protected:
  UsageLogTest() { cluster.create_topic(std::string{topics::kUsageEvents}, 2); }

  /// Sends these one after the other at once, and waits for all outcomes.
  std::vector<Result<void>> send_all(UsageLog& log, std::vector<std::vector<usage::Event>> lists,
                                     std::chrono::milliseconds limit) {
    boost::asio::io_context context;
    std::vector<Result<void>> outcomes(lists.size());
    for (std::size_t i = 0; i < lists.size(); ++i) {
      boost::asio::co_spawn(
          context,
          [&, i]() -> Task<void> {
            outcomes[i] = co_await log.send(std::move(lists[i]), Deadline::in(limit));
          },
          boost::asio::detached);
    }
    context.run();
    return outcomes;
  }
  double counted(const std::string& outcome) {
    return metrics
        .counter("freshet_usage_events_total",
                 "Events of usage, by what became of them before the broker had them",
                 {{"outcome", outcome}})
        .value();
  }

  test::MockCluster cluster;
  Metrics metrics;
};

TEST_F(UsageLogTest, SaysSoOnceTheBrokerHasThem) {
  const Config::Kafka config = cluster.config();
  KafkaUsageLog log{config, metrics};
  const auto outcomes = send_all(log, {{event_of(), event_of()}, {event_of()}, {event_of()}}, 10s);
  for (const auto& outcome : outcomes) {
    EXPECT_TRUE(outcome) << outcome.error().message();
  }
  EXPECT_EQ(counted("sent"), 4);
}

TEST_F(UsageLogTest, FailsByTheDeadlineWhileTheBrokerIsAwayAndGoesOnAfterwards) {
  const Config::Kafka config = cluster.config();
  KafkaUsageLog log{config, metrics};
  EXPECT_TRUE(send_all(log, {{event_of()}}, 10s)[0]);
  cluster.go_away();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(send_all(log, {{event_of()}}, 1s)[0]);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  cluster.come_back();
  const auto until = std::chrono::steady_clock::now() + 30s;
  bool is_back = false;
  while (!is_back && std::chrono::steady_clock::now() < until) {
    is_back = send_all(log, {{event_of()}}, 5s)[0].has_value();
  }
  EXPECT_TRUE(is_back);
}

TEST_F(UsageLogTest, TakesNoMoreThanItMayKeep) {
  const Config::Kafka config = cluster.config();
  cluster.go_away();
  KafkaUsageLog log{config, metrics};
  std::vector<std::vector<usage::Event>> lists;
  for (int i = 0; i < 60; ++i) {  // 15 MB
    lists.push_back(std::vector<usage::Event>(50, event_of(5'000)));
  }
  const auto outcomes = send_all(log, std::move(lists), 2s);
  std::size_t refused = 0;
  for (const auto& outcome : outcomes) {
    ASSERT_FALSE(outcome);
    refused += outcome.error().errc() == Errc::throttled ? 1 : 0;
  }
  EXPECT_GE(refused, 20U);
  EXPECT_LT(refused, 60U);
  EXPECT_EQ(counted("refused"), static_cast<double>(refused) * 50);
  log.note(event_of(TopicWriter::kMostWaitingBytes));
  EXPECT_EQ(counted("dropped"), 1);
}

}  // namespace
}  // namespace freshet::api
