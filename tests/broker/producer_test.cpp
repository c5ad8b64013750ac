#include "core/kafka/producer.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <set>

#include "core/check.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "tests/support/kafka_reading.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet::kafka {
namespace {

/// What librdkafka has no room for, as with no descriptor left.
enum class NoRoomFor { nothing, client, topic };
std::atomic<NoRoomFor> no_room_for{NoRoomFor::nothing};

}  // namespace
}  // namespace freshet::kafka

// The linker puts these before librdkafka's (CMakeLists.txt).
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
extern "C" {
rd_kafka_t* __real_rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t* conf, char* reason,
                                std::size_t size);
rd_kafka_t* __wrap_rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t* conf, char* reason,
                                std::size_t size);
rd_kafka_topic_t* __real_rd_kafka_topic_new(rd_kafka_t* handle, const char* name,
                                            rd_kafka_topic_conf_t* conf);
rd_kafka_topic_t* __wrap_rd_kafka_topic_new(rd_kafka_t* handle, const char* name,
                                            rd_kafka_topic_conf_t* conf);

rd_kafka_t* __wrap_rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t* conf, char* reason,
                                std::size_t size) {
  if (freshet::kafka::no_room_for == freshet::kafka::NoRoomFor::client) {
    return nullptr;
  }
  return __real_rd_kafka_new(type, conf, reason, size);
}
rd_kafka_topic_t* __wrap_rd_kafka_topic_new(rd_kafka_t* handle, const char* name,
                                            rd_kafka_topic_conf_t* conf) {
  if (freshet::kafka::no_room_for == freshet::kafka::NoRoomFor::topic) {
    return nullptr;
  }
  return __real_rd_kafka_topic_new(handle, name, conf);
}
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)

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
  options.extra["message.timeout.ms"] = "3000";
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

/// `count` records, of which the first few are known to be stored.
void produce_numbers(Producer& producer, int from, int to) {
  for (int i = from; i < to; ++i) {
    const Headers headers{{"number", std::to_string(i)}};
    const std::string key = "k" + std::to_string(i % 7);
    const std::string value = std::to_string(i);
    OutRecord out = record("t", key, value);
    out.headers = &headers;
    const auto produced = producer.produce(out);
    ASSERT_TRUE(produced) << i << ": " << produced.error().message();
  }
}

/// What a reader who keeps the newest of each key would see, and whether each number is there.
void expect_all_in_order(const Config::Kafka& config, int count) {
  std::set<int> numbers;
  std::map<std::string, int> newest;
  for (const ReadRecord& one : read_all(config, "t", 4)) {
    const int number = std::stoi(*one.value);
    EXPECT_EQ(one.headers, (Headers{{"number", *one.value}}));
    numbers.insert(number);
    newest[*one.key] = number;
  }
  EXPECT_EQ(numbers.size(), static_cast<std::size_t>(count));
  for (const auto& [key, number] : newest) {
    EXPECT_GE(number, count - 7) << key << " ends with an older record";
  }
}

struct LostSequence {
  const char* name;
  rd_kafka_resp_err_t code;
};
class ProducerRenewal : public ::testing::TestWithParam<LostSequence> {};

TEST_P(ProducerRenewal, GoesOnFromTheLastAcknowledgedRecord) {
  MockCluster cluster;
  cluster.create_topic("t", 4);
  Producer producer{cluster.config(), {}};
  produce_numbers(producer, 0, 100);
  ASSERT_TRUE(producer.flush(10s));
  cluster.fail(MockCluster::Request::produce, GetParam().code);
  produce_numbers(producer, 100, 3'000);
  const auto flushed = producer.flush(30s);
  ASSERT_TRUE(flushed) << flushed.error().message();
  produce_numbers(producer, 3'000, 3'100);
  ASSERT_TRUE(producer.flush(30s));
  EXPECT_EQ(producer.acknowledged(), 3'100U);
  EXPECT_EQ(producer.failed(), 0U);
  EXPECT_EQ(producer.in_flight(), 0U);
  expect_all_in_order(cluster.config(), 3'100);
}

INSTANTIATE_TEST_SUITE_P(
    , ProducerRenewal,
    ::testing::Values(LostSequence{"OutOfOrder", RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER},
                      LostSequence{"UnknownProducer", RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID}),
    [](const auto& one) { return one.param.name; });

TEST(Producer, ANewClientIsMadeWhereTheOldOneIsAtItsEnd) {
  MockCluster cluster;
  cluster.create_topic("t", 4);
  Producer producer{cluster.config(), {}};
  produce_numbers(producer, 0, 10);
  cluster.fail(MockCluster::Request::produce, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  const auto flushed = producer.flush(20s);
  ASSERT_TRUE(flushed) << flushed.error().message();
  EXPECT_GE(producer.renewals(), 1);
}

class ProducerWithoutRoom : public ::testing::TestWithParam<NoRoomFor> {
 protected:
  ~ProducerWithoutRoom() override { no_room_for = NoRoomFor::nothing; }
  /// A producer of ten records that are stored and one that is not, whose client is at its end.
  void spoil(MockCluster& cluster, Producer& producer) {
    produce_numbers(producer, 0, 10);
    ASSERT_TRUE(producer.flush(10s));
    cluster.fail(MockCluster::Request::produce, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    produce_numbers(producer, 10, 11);
    no_room_for = GetParam();
    for (int i = 0; i < 3; ++i) {
      const auto flushed = producer.flush(20s);
      ASSERT_FALSE(flushed);
      EXPECT_EQ(flushed.error().errc(), Errc::broker_error);
      EXPECT_EQ(flushed.error().retry(), Retry::after_backoff) << flushed.error().message();
    }
  }
};

TEST_P(ProducerWithoutRoom, KeepsWhatIsNotAcknowledgedUntilThereIsSome) {
  MockCluster cluster;
  cluster.create_topic("t", 4);
  Producer producer{cluster.config(), {}};
  ASSERT_NO_FATAL_FAILURE(spoil(cluster, producer));
  EXPECT_EQ(producer.in_flight(), 1U);
  EXPECT_EQ(producer.failed(), 0U);
  EXPECT_EQ(producer.acknowledged(), 10U);
  EXPECT_EQ(producer.renewals(), 0);
  producer.poll();
  const auto produced = producer.produce(record("t", "k", "not taken"));
  ASSERT_FALSE(produced);
  EXPECT_EQ(produced.error().retry(), Retry::after_backoff);

  no_room_for = NoRoomFor::nothing;
  const auto flushed = producer.flush(30s);
  ASSERT_TRUE(flushed) << flushed.error().message();
  EXPECT_GE(producer.renewals(), 1);
  produce_numbers(producer, 11, 20);
  ASSERT_TRUE(producer.flush(30s));
  EXPECT_EQ(producer.acknowledged(), 20U);
  expect_all_in_order(cluster.config(), 20);
}

TEST_P(ProducerWithoutRoom, MayEndMeanwhile) {
  MockCluster cluster;
  cluster.create_topic("t", 4);
  {
    Producer producer{cluster.config(), {}};
    ASSERT_NO_FATAL_FAILURE(spoil(cluster, producer));
  }
  EXPECT_EQ(no_room_for, GetParam());
}
INSTANTIATE_TEST_SUITE_P(, ProducerWithoutRoom,
                         ::testing::Values(NoRoomFor::client, NoRoomFor::topic),
                         [](const auto& one) {
                           return one.param == NoRoomFor::client ? "Client" : "Topic";
                         });

TEST(Producer, EndsWhenNoClientGetsAnythingThrough) {
  MockCluster cluster;
  cluster.create_topic("t", 4);
  Producer producer{cluster.config(), {}};
  cluster.fail(MockCluster::Request::produce, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
               1'000);
  produce_numbers(producer, 0, 1);
  const auto flushed = producer.flush(60s);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().retry(), Retry::never);
  EXPECT_EQ(producer.renewals(), Producer::kMostRenewals);
  EXPECT_EQ(producer.acknowledged(), 0U);
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
