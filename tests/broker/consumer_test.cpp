#include "core/kafka/consumer.hpp"

#include <gmock/gmock.h>

#include "core/kafka/producer.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;
using test::MockCluster;

class ConsumerTest : public ::testing::Test {
 protected:
  void fill(int records, std::size_t value_bytes = 100) {
    Producer producer{cluster_.config(), {}};
    const std::string value(value_bytes, 'v');
    for (int i = 0; i < records; ++i) {
      OutRecord out;
      out.topic = "t";
      out.partition = at_.partition;
      out.value = value;
      ASSERT_TRUE(producer.produce(out));
    }
    ASSERT_TRUE(producer.flush(10s));
  }

  /// Polls until something came.
  static Polled poll_some(Consumer& consumer, std::size_t max) {
    for (int i = 0; i < 100; ++i) {
      auto polled = consumer.poll(100ms, max);
      if (polled && !(polled->messages.empty() && polled->ends.empty())) {
        return std::move(*polled);
      }
    }
    ADD_FAILURE() << "nothing within 10 s";
    return {};
  }

  MockCluster cluster_;
  const TopicPartition at_{"t", Partition{1}};

  void SetUp() override { cluster_.create_topic("t", 2); }
};

TEST_F(ConsumerTest, TakesManyRecordsWithOneCallInTheirOrder) {
  fill(5'000);
  Consumer consumer{cluster_.config(), {}};
  ASSERT_TRUE(consumer.assign({{at_, Offset{0}}}));
  std::int64_t next = 0;
  int calls = 0;
  while (next < 5'000) {
    const Polled polled = poll_some(consumer, 2'000);
    ASSERT_LE(polled.messages.size(), 2'000U);
    for (const Message& message : polled.messages) {
      ASSERT_EQ(message.offset().value, next);
      ASSERT_EQ(message.partition(), at_.partition);
      ASSERT_EQ(message.topic(), "t");
      ++next;
    }
    ++calls;
  }
  EXPECT_LT(calls, 500);
}

TEST_F(ConsumerTest, ReturnsEmptyHandedWhenTheTimeIsOver) {
  Consumer consumer{cluster_.config(), {}};
  ASSERT_TRUE(consumer.assign({{at_, Offset{0}}}));
  const auto start = std::chrono::steady_clock::now();
  const auto polled = consumer.poll(200ms, 10);
  ASSERT_TRUE(polled);
  EXPECT_TRUE(polled->messages.empty());
  EXPECT_TRUE(polled->ends.empty()) << "nobody asked for ends";
  EXPECT_GE(std::chrono::steady_clock::now() - start, 190ms);
}

TEST_F(ConsumerTest, TellsEndsAndPositions) {
  fill(3);
  ConsumerOptions options;
  options.partition_end_events = true;
  Consumer consumer{cluster_.config(), options};
  const TopicPartition empty{"t", Partition{0}};
  ASSERT_TRUE(consumer.assign({{at_, Offset{0}}, {empty, Consumer::kBeginning}}));
  std::vector<TopicPartition> ends;
  std::size_t records = 0;
  while (ends.size() < 2) {
    const Polled polled = poll_some(consumer, 10);
    records += polled.messages.size();
    ends.insert(ends.end(), polled.ends.begin(), polled.ends.end());
  }
  EXPECT_EQ(records, 3U);
  EXPECT_THAT(ends, ::testing::UnorderedElementsAre(at_, empty));
  const auto positions = consumer.positions();
  ASSERT_TRUE(positions);
  const std::map<TopicPartition, std::optional<Offset>> found{positions->begin(), positions->end()};
  EXPECT_EQ(found.at(at_), Offset{3});
  EXPECT_EQ(found.at(empty), Offset{0}) << "known from the event: nothing was read there";
  const auto marks = consumer.watermarks(at_, 5s);
  ASSERT_TRUE(marks);
  EXPECT_EQ(marks->low, Offset{0});
  EXPECT_EQ(marks->high, Offset{3});
}

// Records of an earlier assignment wait in librdkafka's queue when a new one is made.
TEST_F(ConsumerTest, NeverLeaksRecordsOfAnEarlierAssignment) {
  fill(20'000);
  Consumer consumer{cluster_.config(), {}};
  for (const std::int64_t start : {0, 19'000, 5, 12'345, 100, 19'999, 0, 7'000}) {
    ASSERT_TRUE(consumer.assign({{at_, Offset{start}}}));
    std::int64_t next = start;
    for (int i = 0; i < 3 && next < 20'000; ++i) {
      for (const Message& message : poll_some(consumer, 50).messages) {
        ASSERT_EQ(message.offset().value, next) << "after an assignment at " << start;
        ++next;
      }
    }
  }
}

TEST_F(ConsumerTest, NeverLeaksRecordsFromBeforeASeek) {
  fill(20'000);
  Consumer consumer{cluster_.config(), {}};
  ASSERT_TRUE(consumer.assign({{at_, Offset{0}}}));
  ASSERT_FALSE(poll_some(consumer, 50).messages.empty());
  for (const std::int64_t start : {19'000, 5, 12'345, 100, 19'999, 0}) {
    ASSERT_TRUE(consumer.seek({at_, Offset{start}}, 5s));
    std::int64_t next = start;
    for (int i = 0; i < 3 && next < 20'000; ++i) {
      for (const Message& message : poll_some(consumer, 50).messages) {
        ASSERT_EQ(message.offset().value, next) << "after a seek to " << start;
        ++next;
      }
    }
  }
}

TEST_F(ConsumerTest, StopsWithoutAnAssignmentAndGoesOnWithTheNext) {
  fill(1'000);
  Consumer consumer{cluster_.config(), {}};
  ASSERT_TRUE(consumer.assign({{at_, Offset{0}}}));
  const auto taken = static_cast<std::int64_t>(poll_some(consumer, 10).messages.size());
  ASSERT_TRUE(consumer.unassign());
  const auto nothing = consumer.poll(300ms, 10);
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->messages.empty());
  ASSERT_TRUE(consumer.assign({{at_, Offset{taken}}}));
  const Polled polled = poll_some(consumer, 10);
  ASSERT_FALSE(polled.messages.empty());
  EXPECT_EQ(polled.messages.front().offset().value, taken);
}

// librdkafka sleeps up to a second when its fetch-ahead bound is full; see
// docs/notes/librdkafka.md.
TEST_F(ConsumerTest, ReadsOnWithoutWaitingWhenTheFetchAheadBoundWasFull) {
  fill(20'000, 1'000);
  ConsumerOptions by_bytes;
  by_bytes.queued_max_kbytes = 1'024;
  ConsumerOptions by_records;
  by_records.queued_max_records = 1'000;
  for (const ConsumerOptions& options : {by_bytes, by_records}) {
    Consumer consumer{cluster_.config(), options};
    ASSERT_TRUE(consumer.assign({{at_, Offset{0}}}));
    std::chrono::nanoseconds longest{0};
    for (std::int64_t next = 0; next < 20'000;) {
      const auto start = std::chrono::steady_clock::now();
      const Polled polled = poll_some(consumer, 100);
      if (next > 0) {
        longest =
            std::max(longest, std::chrono::nanoseconds{std::chrono::steady_clock::now() - start});
      }
      next += static_cast<std::int64_t>(polled.messages.size());
    }
    EXPECT_LT(longest, 400ms);
  }
}

TEST_F(ConsumerTest, GoesOnByItselfWhenTheBrokerComesBack) {
  fill(10);
  Consumer consumer{cluster_.config(), {}};
  ASSERT_TRUE(consumer.assign({{at_, Offset{0}}}));
  ASSERT_FALSE(poll_some(consumer, 1).messages.empty());
  cluster_.go_away();
  bool told = false;
  for (int i = 0; i < 50 && !told; ++i) {
    const auto polled = consumer.poll(100ms, 1);
    if (!polled) {
      told = true;
      EXPECT_EQ(polled.error().errc(), Errc::unreachable);
      EXPECT_EQ(polled.error().retry(), Retry::after_backoff);
    }
  }
  EXPECT_TRUE(told);
  cluster_.come_back();
  fill(1);
  std::int64_t last = 0;
  for (int i = 0; i < 100 && last < 10; ++i) {
    if (const auto polled = consumer.poll(100ms, 100); polled && !polled->messages.empty()) {
      last = polled->messages.back().offset().value;
    }
  }
  EXPECT_EQ(last, 10);
}

}  // namespace
}  // namespace freshet::kafka
