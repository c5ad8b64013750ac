#include "core/kafka/producer.hpp"

#include <gmock/gmock.h>

#include <set>

#include "core/check.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "tests/support/kafka_reading.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;
using test::MockCluster;
using test::read_all;
using test::ReadRecord;
using ::testing::HasSubstr;

OutRecord record(std::string_view topic, std::optional<std::string_view> key,
                 std::optional<std::string_view> value) {
  OutRecord out;
  out.topic = topic;
  out.key = key;
  out.value = value;
  return out;
}

TEST(Producer, GivesBackWhatWasProduced) {
  MockCluster cluster;
  cluster.create_topic("t", 1);
  Producer producer{cluster.config(), {}};
  const Headers headers{{"schema", "raw/1"}, {"schema", "raw/2"}, {"empty", ""}};
  OutRecord full = record("t", "image:met:1", R"({"a":"ä"})");
  full.headers = &headers;
  full.timestamp = UtcTime::from_millis(1'795'220'451'256);
  ASSERT_TRUE(producer.produce(full));
  ASSERT_TRUE(producer.produce(record("t", "image:met:1", std::nullopt)));
  ASSERT_TRUE(producer.produce(record("t", std::nullopt, "")));
  ASSERT_TRUE(producer.flush(10s));
  EXPECT_EQ(producer.acknowledged(), 3U);
  EXPECT_EQ(producer.in_flight(), 0U);

  const std::vector<ReadRecord> read = read_all(cluster.config(), "t", 1);
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].key, "image:met:1");
  EXPECT_EQ(read[0].value, R"({"a":"ä"})");
  EXPECT_EQ(read[0].headers, headers);
  EXPECT_EQ(read[0].timestamp.millis(), 1'795'220'451'256);
  EXPECT_EQ(read[1].value, std::nullopt) << "a tombstone is not an empty value";
  EXPECT_EQ(read[2].key, std::nullopt);
  EXPECT_EQ(read[2].value, "");
}

TEST(Producer, PutsKeysWhereJavaClientsDo) {
  MockCluster cluster;
  cluster.create_topic("t", 8);
  Producer producer{cluster.config(), {}};
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(producer.produce(record("t", "image:met:" + std::to_string(i), "v")));
  }
  ASSERT_TRUE(producer.flush(10s));
  const std::vector<ReadRecord> read = read_all(cluster.config(), "t", 8);
  ASSERT_EQ(read.size(), 100U);
  std::set<std::int32_t> used;
  for (const ReadRecord& one : read) {
    EXPECT_EQ(one.partition, partition_for_key(*one.key, 8)) << *one.key;
    used.insert(one.partition);
  }
  EXPECT_EQ(used.size(), 8U);
}

TEST(Producer, SpreadsRecordsWithoutKeyAndKeepsAPartitionThatIsGiven) {
  MockCluster cluster;
  cluster.create_topic("t", 4);
  Producer producer{cluster.config(), {}};
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(producer.produce(record("t", std::nullopt, "v")));
  }
  OutRecord placed = record("t", "key", "placed");
  placed.partition = Partition{2};
  ASSERT_TRUE(producer.produce(placed));
  ASSERT_TRUE(producer.flush(10s));
  std::map<std::int32_t, int> per_partition;
  for (const ReadRecord& one : read_all(cluster.config(), "t", 4)) {
    ++per_partition[one.partition];
  }
  EXPECT_EQ(per_partition, (std::map<std::int32_t, int>{{0, 2}, {1, 2}, {2, 3}, {3, 2}}));
}

TEST(Producer, RefusesAPartitionThatIsNotThere) {
  MockCluster cluster;
  cluster.create_topic("t", 4);
  Producer producer{cluster.config(), {}};
  OutRecord misplaced = record("t", "key", "v");
  misplaced.partition = Partition{4};
  const auto produced = producer.produce(misplaced);
  ASSERT_FALSE(produced);
  EXPECT_EQ(produced.error().retry(), Retry::never);
  EXPECT_TRUE(producer.produce(record("t", "key", "v")));
}

struct SizeCase {
  const char* name;
  std::string_view topic;
  std::size_t limit;
};
class ProducerSizes : public ::testing::TestWithParam<SizeCase> {};

TEST_P(ProducerSizes, TakesTheLargestRecordAndRefusesOneByteMore) {
  MockCluster cluster;
  cluster.create_topic(std::string{GetParam().topic}, 1);
  Producer producer{cluster.config(), {}};
  const Headers headers{{"schema", "raw/1"}};
  const std::string key = "image:met:1";
  const std::string value(GetParam().limit - key.size() - 11, 'x');
  OutRecord largest = record(GetParam().topic, key, value);
  largest.headers = &headers;
  ASSERT_TRUE(producer.produce(largest));

  const std::string larger = value + "x";
  largest.value = larger;
  const auto refused = producer.produce(largest);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::too_large);
  EXPECT_EQ(refused.error().retry(), Retry::never);

  ASSERT_TRUE(producer.produce(record(GetParam().topic, key, "next")));
  ASSERT_TRUE(producer.flush(10s));
  EXPECT_EQ(producer.acknowledged(), 2U) << "the refused one was never queued";
}

INSTANTIATE_TEST_SUITE_P(, ProducerSizes,
                         ::testing::Values(SizeCase{"Raw", topics::kRaw, kRawMaxBytes},
                                           SizeCase{"Catalog", topics::kCatalog, kCatalogMaxBytes},
                                           SizeCase{"DeadLetter", topics::kDeadLetter,
                                                    kDeadLetterMaxBytes},
                                           SizeCase{"Other", "other", 4U << 20U}),
                         [](const auto& one) { return one.param.name; });

TEST(Producer, SaysThatATopicIsMissingAndGoesOnOnceItIsThere) {
  MockCluster cluster;
  Producer producer{cluster.config(), {}};
  const auto missing = producer.produce(record("late", "k", "v"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().retry(), Retry::after_backoff);
  EXPECT_THAT(missing.error().message(), HasSubstr("late"));
  cluster.create_topic("late", 1);
  EXPECT_TRUE(producer.produce(record("late", "k", "v")));
  EXPECT_TRUE(producer.flush(10s));
}

TEST(Producer, WaitsWithAFullQueueInsteadOfGrowing) {
  MockCluster cluster;
  cluster.create_topic("t", 2);
  ProducerOptions options;
  options.queue_max_messages = 500;
  Producer producer{cluster.config(), options};
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(producer.produce(record("t", std::to_string(i), "value")));
    ASSERT_LE(producer.in_flight(), 500U);
  }
  ASSERT_TRUE(producer.flush(20s));
  EXPECT_EQ(producer.acknowledged(), 20'000U);
  EXPECT_EQ(read_all(cluster.config(), "t", 2).size(), 20'000U);
}

TEST(Producer, TellsTheFirstFailedDeliveryUntilItIsFlushed) {
  MockCluster cluster;
  cluster.create_topic("t", 1);
  ProducerOptions options;
  options.extra["message.timeout.ms"] = "1000";
  Producer producer{cluster.config(), options};
  ASSERT_TRUE(producer.produce(record("t", "k", "arrives")));
  ASSERT_TRUE(producer.flush(10s));
  cluster.go_away();
  ASSERT_TRUE(producer.produce(record("t", "k", "lost")));
  const auto flushed = producer.flush(10s);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().errc(), Errc::timed_out);
  EXPECT_EQ(producer.acknowledged(), 1U);
  cluster.come_back();
  ASSERT_TRUE(producer.produce(record("t", "k", "arrives too")));
  ASSERT_TRUE(producer.flush(10s));
  EXPECT_EQ(producer.acknowledged(), 2U);
}

TEST(Producer, RefusesToGoOnAfterAFailedDelivery) {
  MockCluster cluster;
  cluster.create_topic("t", 1);
  ProducerOptions options;
  options.extra["message.timeout.ms"] = "500";
  options.queue_max_messages = 10;
  Producer producer{cluster.config(), options};
  ASSERT_TRUE(producer.produce(record("t", "k", "v")));
  ASSERT_TRUE(producer.flush(10s));
  cluster.go_away();
  // The queue fills, the first record times out, and the call that waits for room says so.
  Result<void> produced;
  for (int i = 0; i < 1'000 && produced; ++i) {
    produced = producer.produce(record("t", "k", "v"));
  }
  ASSERT_FALSE(produced);
  EXPECT_EQ(produced.error().errc(), Errc::timed_out);
  EXPECT_FALSE(producer.produce(record("t", "k", "v")));
}

TEST(Producer, RefusesAnUnknownPropertyByName) {
  MockCluster cluster;
  Config::Kafka config = cluster.config();
  config.librdkafka["no.such.property"] = "1";
  try {
    const Producer producer{config, {}};
    FAIL() << "made a producer";
  } catch (const StartupError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no.such.property"));
  }
}

}  // namespace
}  // namespace freshet::kafka
