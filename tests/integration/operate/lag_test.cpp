#include "operate/lag.hpp"

#include <gtest/gtest.h>

#include "core/kafka/producer.hpp"
#include "tests/support/real_broker.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using kafka::Offset;
using kafka::Producer;
using Outcome = Producer::Outcome;

class LagOnBroker : public ::testing::Test {
 protected:
  LagOnBroker() {
    kafka::ProducerOptions options;
    options.transactional_id = broker_.config().prefixed("writer");
    writer_ = std::make_unique<Producer>(broker_.config(), options);
    EXPECT_TRUE(writer_->init_transactions(20s));
  }
  void put(int records, int age_seconds) {
    const UtcTime at = SystemClock{}.now() - std::chrono::seconds{age_seconds};
    for (int i = 0; i < records; ++i) {
      kafka::OutRecord out;
      out.topic = topic_;
      out.key = "k";
      out.value = "v";
      out.timestamp = at;
      ASSERT_TRUE(writer_->produce(out));
    }
  }
  void transaction(int records, int age_seconds = 0) {
    ASSERT_EQ(writer_->begin_transaction().outcome, Outcome::done);
    put(records, age_seconds);
    ASSERT_EQ(writer_->commit_transaction(10s).outcome, Outcome::done);
  }
  void commit(std::int64_t offset) {
    ASSERT_TRUE(broker_.admin().set_group_offsets(group_, {{at_, Offset{offset}}}));
  }
  PartitionLag lag() {
    kafka::Consumer consumer{broker_.config(), reader_options()};
    constexpr Role kReader{.name = "g", .topics = {"t"}};
    const GroupLag found = read_lag(kReader, broker_.config(), broker_.admin(), consumer, {});
    EXPECT_EQ(found.partitions.size(), 1U);
    return found.partitions.at(0);
  }

  test::RealBroker broker_;
  const std::string topic_ = broker_.create_topic("t", 1);
  const std::string group_ = broker_.config().prefixed("g");
  const kafka::TopicPartition at_{topic_, kafka::Partition{0}};
  std::unique_ptr<Producer> writer_;
};

TEST_F(LagOnBroker, CountsRecordsAndNeitherMarkersNorAbortedNorOpenOnes) {
  transaction(10, 600);
  commit(11);  // past the ten and their marker
  EXPECT_EQ(lag().records, 0);
  EXPECT_EQ(lag().seconds, 0);

  transaction(5, 90);
  transaction(5, 30);
  ASSERT_EQ(writer_->begin_transaction().outcome, Outcome::done);
  put(7, 20);
  ASSERT_TRUE(writer_->flush(10s));
  ASSERT_EQ(writer_->abort_transaction(10s).outcome, Outcome::done);
  ASSERT_EQ(writer_->begin_transaction().outcome, Outcome::done);
  put(3, 0);
  ASSERT_TRUE(writer_->flush(10s));

  const PartitionLag found = lag();
  EXPECT_EQ(found.records, 10);
  EXPECT_FALSE(found.is_estimate);
  EXPECT_EQ(found.end, Offset{31}) << "10 + 1, 5 + 1, 5 + 1, 7 + 1: the open ones are not stable";
  EXPECT_GE(found.seconds, 90);
  EXPECT_LT(found.seconds, 110);

  commit(30);  // what is left is a marker
  EXPECT_EQ(lag().records, 0);
  EXPECT_EQ(lag().seconds, 0);
}

TEST_F(LagOnBroker, AGroupThatNeverCommittedLagsFromTheStart) {
  transaction(4, 50);
  const PartitionLag found = lag();
  EXPECT_FALSE(found.committed);
  EXPECT_EQ(found.records, 4);
  EXPECT_GE(found.seconds, 50);
}

TEST_F(LagOnBroker, EstimatesALongStretchByASampleOfIt) {
  for (int i = 0; i < 700; ++i) {
    transaction(9);  // nine records and a marker
  }
  const PartitionLag found = lag();
  EXPECT_TRUE(found.is_estimate);
  EXPECT_EQ(found.end, Offset{7'000});
  EXPECT_NEAR(static_cast<double>(found.records), 6'300, 6'300 * 0.02);
  commit(6'000);
  EXPECT_EQ(lag().records, 900) << "short enough to be counted";
}

}  // namespace
}  // namespace freshet
