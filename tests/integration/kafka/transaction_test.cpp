#include <gmock/gmock.h>

#include "core/kafka/consumer.hpp"
#include "core/kafka/producer.hpp"
#include "tests/support/kafka_reading.hpp"
#include "tests/support/real_broker.hpp"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;
using test::read_all;
using test::RealBroker;
using Outcome = Producer::Outcome;

class Transactions : public ::testing::Test {
 protected:
  Producer make_producer(const std::string& id = "loop") {
    ProducerOptions options;
    options.transactional_id = broker_.config().prefixed(id);
    return Producer{broker_.config(), options};
  }
  static void start(Producer& producer) {
    const auto registered = producer.init_transactions(20s);
    ASSERT_TRUE(registered) << registered.error().message();
    ASSERT_EQ(producer.begin_transaction().outcome, Outcome::done);
  }
  void put(Producer& producer, std::string_view value) {
    OutRecord out;
    out.topic = topic_;
    out.key = "k";
    out.value = value;
    const auto produced = producer.produce(out);
    ASSERT_TRUE(produced) << produced.error().message();
  }
  std::vector<std::string> values(Isolation isolation = Isolation::read_committed) {
    std::vector<std::string> all;
    for (const auto& record : read_all(broker_.config(), topic_, 1, isolation)) {
      all.push_back(*record.value);
    }
    return all;
  }

  RealBroker broker_;
  const std::string topic_ = broker_.create_topic("t", 1);
  const TopicPartition at_{topic_, Partition{0}};
};

TEST_F(Transactions, ReadersSeeWhatWasCommittedAndNothingElse) {
  Producer producer = make_producer();
  start(producer);
  put(producer, "committed");
  ASSERT_EQ(producer.commit_transaction(10s).outcome, Outcome::done);
  ASSERT_EQ(producer.begin_transaction().outcome, Outcome::done);
  put(producer, "aborted");
  ASSERT_TRUE(producer.flush(10s));
  ASSERT_EQ(producer.abort_transaction(10s).outcome, Outcome::done);
  ASSERT_EQ(producer.begin_transaction().outcome, Outcome::done);
  put(producer, "committed too");
  ASSERT_EQ(producer.commit_transaction(10s).outcome, Outcome::done);
  EXPECT_THAT(values(), ::testing::ElementsAre("committed", "committed too"));
  EXPECT_THAT(values(Isolation::read_uncommitted),
              ::testing::ElementsAre("committed", "aborted", "committed too"));
}

// What a restore relies on: while a transaction is open, the end of a read_committed reader is not
// the end of the partition, and once it is over the position gets there, markers and aborted
// records included.
TEST_F(Transactions, PositionReachesTheTrueEndOnlyAfterTheOpenTransaction) {
  Producer producer = make_producer();
  start(producer);
  put(producer, "before");
  ASSERT_EQ(producer.commit_transaction(10s).outcome, Outcome::done);
  ASSERT_EQ(producer.begin_transaction().outcome, Outcome::done);
  put(producer, "open");
  ASSERT_TRUE(producer.flush(10s));

  ConsumerOptions options;
  options.partition_end_events = true;
  Consumer stable{broker_.config(), options};
  options.isolation = Isolation::read_uncommitted;
  Consumer raw{broker_.config(), options};
  const auto raw_end = raw.watermarks(at_, 10s);
  const auto stable_end = stable.watermarks(at_, 10s);
  ASSERT_TRUE(raw_end && stable_end);
  EXPECT_EQ(raw_end->high, Offset{3}) << "record, marker, open record";
  EXPECT_EQ(stable_end->high, Offset{2}) << "the last stable offset";

  ASSERT_TRUE(stable.assign({{at_, Consumer::kBeginning}}));
  const auto poll_to_end = [&] {
    std::vector<std::string> seen;
    for (int i = 0; i < 100; ++i) {
      const auto polled = stable.poll(200ms, 100);
      if (!polled) {
        continue;
      }
      for (const Message& message : polled->messages) {
        seen.emplace_back(*message.value());
      }
      if (!polled->ends.empty()) {
        break;
      }
    }
    return seen;
  };
  EXPECT_THAT(poll_to_end(), ::testing::ElementsAre("before"));
  EXPECT_EQ(stable.positions()->at(0).second, Offset{2}) << "an end event, but not the end";

  ASSERT_EQ(producer.abort_transaction(10s).outcome, Outcome::done);
  EXPECT_THAT(poll_to_end(), ::testing::IsEmpty());
  EXPECT_EQ(stable.positions()->at(0).second, Offset{4})
      << "past the aborted record and its marker";
}

TEST_F(Transactions, ANewHolderOfTheIdAbortsTheLeftoversAndFencesTheOldOne) {
  Producer old_one = make_producer();
  start(old_one);
  put(old_one, "left open");
  ASSERT_TRUE(old_one.flush(10s));

  Producer new_one = make_producer();
  start(new_one);
  put(new_one, "new");
  const auto step = new_one.commit_transaction(10s);
  ASSERT_EQ(step.outcome, Outcome::done) << step.message;

  const auto late = old_one.commit_transaction(10s);
  EXPECT_EQ(late.outcome, Outcome::fenced) << late.message;
  EXPECT_THAT(values(), ::testing::ElementsAre("new"));
}

TEST_F(Transactions, OffsetsAreCommittedWithTheRecordsOrNotAtAll) {
  const std::string group = broker_.config().prefixed("group");
  const std::string input = broker_.create_topic("in", 1);
  const TopicPartition in{input, Partition{0}};
  ConsumerOptions options;
  options.group = group;
  Consumer consumer{broker_.config(), options};
  bool assigned = false;
  consumer.subscribe({input}, {.on_assigned =
                                   [&](const auto& partitions) {
                                     std::vector<TopicPartitionOffset> from;
                                     for (const auto& at : partitions) {
                                       from.push_back({at, Consumer::kStored});
                                     }
                                     ASSERT_TRUE(consumer.assign(from));
                                     assigned = true;
                                   },
                               .on_revoked = {}});
  for (int i = 0; i < 200 && !assigned; ++i) {
    static_cast<void>(consumer.poll(100ms, 10));
  }
  ASSERT_TRUE(assigned);

  Producer producer = make_producer();
  start(producer);
  put(producer, "aborted");
  ASSERT_EQ(producer.send_offsets({{in, Offset{7}}}, consumer, 10s).outcome, Outcome::done);
  ASSERT_EQ(producer.abort_transaction(10s).outcome, Outcome::done);
  EXPECT_EQ(consumer.committed({in}, 10s)->at(0).second, std::nullopt);

  ASSERT_EQ(producer.begin_transaction().outcome, Outcome::done);
  put(producer, "committed");
  ASSERT_EQ(producer.send_offsets({{in, Offset{8}}}, consumer, 10s).outcome, Outcome::done);
  ASSERT_EQ(producer.commit_transaction(10s).outcome, Outcome::done);
  EXPECT_EQ(consumer.committed({in}, 10s)->at(0).second, Offset{8});
  EXPECT_EQ(broker_.admin().group_offsets(group, {in})->at(in), Offset{8});
}

}  // namespace
}  // namespace freshet::kafka
