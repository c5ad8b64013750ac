#include "core/kafka/dead_letter.hpp"

#include <gmock/gmock.h>

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

class DeadLetterTest : public ::testing::Test {
 protected:
  void SetUp() override { cluster_.create_topic(std::string{topics::kDeadLetter}, 8); }

  ReadRecord put_aside(const DeadLetter& letter, const Headers& original = {}) {
    Producer producer{cluster_.config(), {}};
    const auto produced = produce_dead_letter(producer, cluster_.config(), letter, original);
    EXPECT_TRUE(produced) << (produced ? "" : produced.error().message());
    EXPECT_TRUE(producer.flush(10s));
    const auto read = read_all(cluster_.config(), std::string{topics::kDeadLetter}, 8);
    EXPECT_EQ(read.size(), 1U);
    return read.at(0);
  }

  static DeadLetter letter() {
    DeadLetter one;
    one.step = "process.catalogue";
    one.error = Error{Errc::invalid_value, "width", "positive", "width of image:met:1 is -4"};
    one.origin = {"media.raw.v1", Partition{5}, 42};
    one.key = "image:met:1";
    one.value = "{\"broken\": \xff";
    one.time = UtcTime::from_millis(1'795'220'451'256);
    one.partitions = 8;
    return one;
  }

  MockCluster cluster_;
};

TEST_F(DeadLetterTest, KeepsBytesPartitionAndHeadersAndSaysWhereFromAndWhy) {
  const ReadRecord read = put_aside(letter(), {{"schema", "raw/1"}});
  EXPECT_EQ(read.partition, 5);
  EXPECT_EQ(read.key, "image:met:1");
  EXPECT_EQ(read.value, "{\"broken\": \xff");
  EXPECT_EQ(read.headers, (Headers{{"dl.step", "process.catalogue"},
                                   {"dl.reason", "invalid_value"},
                                   {"dl.field", "width"},
                                   {"dl.rule", "positive"},
                                   {"dl.topic", "media.raw.v1"},
                                   {"dl.partition", "5"},
                                   {"dl.offset", "42"},
                                   {"dl.time", "2026-11-21T00:20:51.256Z"},
                                   {"dl.message", "width of image:met:1 is -4"},
                                   {"schema", "raw/1"}}));
}

TEST_F(DeadLetterTest, FromAProducerItHasNoPartitionOfOriginAndPerhapsNoKey) {
  DeadLetter one = letter();
  one.origin = {"dump.tsv", std::nullopt, 7};
  one.key.reset();
  one.error = Error{Errc::malformed_payload, Retry::never, "line 7 has 3 columns"};
  const ReadRecord read = put_aside(one);
  EXPECT_EQ(read.key, std::nullopt);
  for (const auto& [name, value] : read.headers) {
    EXPECT_NE(name, "dl.partition");
    EXPECT_NE(name, "dl.field") << "absent, not empty";
  }
}

TEST_F(DeadLetterTest, GoesWhereItsKeySaysWhenThePartitionIsNotToBeKept) {
  DeadLetter one = letter();
  one.partitions = 0;
  EXPECT_EQ(put_aside(one).partition, partition_for_key("image:met:1", 8));
}

TEST_F(DeadLetterTest, DropsTheHeadersOfAnEarlierDeadLetter) {
  const ReadRecord read = put_aside(letter(), {{"dl.reason", "old"}, {"schema", "raw/1"}});
  EXPECT_THAT(
      read.headers,
      ::testing::Not(::testing::Contains(std::pair<std::string, std::string>{"dl.reason", "old"})));
}

TEST_F(DeadLetterTest, CutsAValueThatDoesNotFitAndSaysItsSize) {
  DeadLetter one = letter();
  const std::string huge(5U << 20U, 'x');
  one.value = huge;
  const ReadRecord read = put_aside(one);
  EXPECT_LT(read.value->size(), kDeadLetterMaxBytes);
  EXPECT_GT(read.value->size(), kDeadLetterMaxBytes - 1'000);
  EXPECT_EQ(read.headers.back(),
            (std::pair<std::string, std::string>{"dl.truncated", std::to_string(huge.size())}));
}

}  // namespace
}  // namespace freshet::kafka
