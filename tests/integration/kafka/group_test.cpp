#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "core/kafka/consumer.hpp"
#include "core/kafka/producer.hpp"
#include "tests/support/real_broker.hpp"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;
using test::RealBroker;
using Outcome = Producer::Outcome;

// The least that brokers allow (group.min.session.timeout.ms).
constexpr std::chrono::milliseconds kSession{6'000};

/// A member that assigns what it is given and counts what it is told.
class Member {
 public:
  Member(const RealBroker& broker, const std::string& topic, const std::string& instance = "",
         std::chrono::milliseconds max_poll_interval = 300s)
      : consumer_{broker.config(), options(broker, instance, max_poll_interval)} {
    consumer_.subscribe({topic}, {.on_assigned =
                                      [this](const auto& partitions) {
                                        std::vector<TopicPartitionOffset> from;
                                        for (const auto& at : partitions) {
                                          from.push_back({at, Consumer::kStored});
                                        }
                                        EXPECT_TRUE(consumer_.assign(from));
                                        owned_ = {partitions.begin(), partitions.end()};
                                        ++rebalances_;
                                      },
                                  .on_revoked =
                                      [this](const auto& /*partitions*/, bool lost) {
                                        if (!lost) {
                                          commit();
                                        }
                                        owned_.clear();
                                      }});
  }

  /// Polls once and keeps what came.
  void step() {
    const auto polled = consumer_.poll(100ms, 100);
    if (!polled) {
      failure_ = polled.error();
      return;
    }
    for (const Message& message : polled->messages) {
      const TopicPartition at{std::string{message.topic()}, message.partition()};
      EXPECT_TRUE(owned_.contains(at)) << "a record of a partition that was given away";
      seen_.emplace_back(message.value().value_or(""));
      next_[at] = Offset{message.offset().value + 1};
    }
  }
  void commit() {
    std::vector<TopicPartitionOffset> offsets;
    for (const auto& [at, offset] : next_) {
      offsets.push_back({at, offset});
    }
    const auto committed = consumer_.commit(offsets);
    EXPECT_TRUE(committed) << committed.error().message();
    next_.clear();
  }
  void close() { consumer_.close(); }

  Consumer& consumer() { return consumer_; }
  const std::set<TopicPartition>& owned() const { return owned_; }
  const std::vector<std::string>& seen() const { return seen_; }
  int rebalances() const { return rebalances_; }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  static ConsumerOptions options(const RealBroker& broker, const std::string& instance,
                                 std::chrono::milliseconds max_poll_interval) {
    ConsumerOptions one;
    one.group = broker.config().prefixed("group");
    one.group_instance_id = instance.empty() ? "" : broker.config().prefixed(instance);
    one.session_timeout = kSession;
    one.max_poll_interval = max_poll_interval;
    return one;
  }

  std::set<TopicPartition> owned_;
  std::vector<std::string> seen_;
  std::map<TopicPartition, Offset> next_;
  int rebalances_ = 0;
  std::optional<Error> failure_;
  Consumer consumer_;
};

bool poll_until(std::chrono::seconds limit, std::initializer_list<Member*> members,
                const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    for (Member* member : members) {
      member->step();
    }
  }
  return true;
}

class Groups : public ::testing::Test {
 protected:
  void fill(int records) {
    Producer producer{broker_.config(), {}};
    for (int i = 0; i < records; ++i) {
      const std::string value = std::to_string(filled_++);
      OutRecord out;
      out.topic = topic_;
      out.key = value;
      out.value = value;
      ASSERT_TRUE(producer.produce(out));
    }
    ASSERT_TRUE(producer.flush(20s));
  }

  RealBroker broker_;
  const std::string topic_ = broker_.create_topic("t", 4);
  int filled_ = 0;
};

TEST_F(Groups, NothingIsLostOrRepeatedWhenAMemberJoinsAndLeaves) {
  fill(2'000);
  Member first{broker_, topic_};
  ASSERT_TRUE(poll_until(30s, {&first}, [&] { return first.seen().size() >= 500; }));
  Member second{broker_, topic_};
  ASSERT_TRUE(poll_until(30s, {&first, &second},
                         [&] { return first.owned().size() == 2 && second.owned().size() == 2; }));
  fill(2'000);
  ASSERT_TRUE(poll_until(30s, {&first, &second},
                         [&] { return first.seen().size() + second.seen().size() >= 3'500; }));
  second.commit();
  second.close();
  fill(1'000);
  ASSERT_TRUE(poll_until(30s, {&first},
                         [&] { return first.seen().size() + second.seen().size() >= 5'000; }));
  EXPECT_EQ(first.owned().size(), 4U);
  std::multiset<std::string> all{first.seen().begin(), first.seen().end()};
  all.insert(second.seen().begin(), second.seen().end());
  EXPECT_EQ(all.size(), 5'000U);
  EXPECT_EQ((std::set<std::string>{all.begin(), all.end()}).size(), 5'000U);
}

TEST_F(Groups, AStaticMemberThatRestartsInTimeMovesNothing) {
  Member other{broker_, topic_, "other"};
  auto restarting = std::make_unique<Member>(broker_, topic_, "restarting");
  ASSERT_TRUE(poll_until(30s, {&other, restarting.get()}, [&] {
    return other.owned().size() == 2 && restarting->owned().size() == 2;
  }));
  const int rebalances = other.rebalances();
  const auto owned = restarting->owned();
  restarting.reset();
  restarting = std::make_unique<Member>(broker_, topic_, "restarting");
  ASSERT_TRUE(
      poll_until(10s, {&other, restarting.get()}, [&] { return !restarting->owned().empty(); }));
  EXPECT_EQ(restarting->owned(), owned);
  EXPECT_EQ(other.rebalances(), rebalances) << "the other member was left in peace";
}

TEST_F(Groups, AStaticMemberThatDoesNotComeBackLosesItsPartitionsAfterItsSession) {
  Member other{broker_, topic_, "other"};
  auto gone = std::make_unique<Member>(broker_, topic_, "gone");
  ASSERT_TRUE(poll_until(30s, {&other, gone.get()},
                         [&] { return other.owned().size() == 2 && gone->owned().size() == 2; }));
  gone.reset();
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(poll_until(30s, {&other}, [&] { return other.owned().size() == 4; }));
  EXPECT_GT(std::chrono::steady_clock::now() - start, kSession / 2) << "not at once: it is static";
}

TEST_F(Groups, AnotherWithTheSameInstanceIdFencesTheFirst) {
  Member first{broker_, topic_, "same"};
  ASSERT_TRUE(poll_until(30s, {&first}, [&] { return first.owned().size() == 4; }));
  ProducerOptions options;
  options.transactional_id = broker_.config().prefixed("zombie");
  Producer producer{broker_.config(), options};
  ASSERT_TRUE(producer.init_transactions(20s));
  ASSERT_EQ(producer.begin_transaction().outcome, Outcome::done);
  OutRecord out;
  out.topic = topic_;
  out.key = "k";
  out.value = "late";
  ASSERT_TRUE(producer.produce(out));

  Member second{broker_, topic_, "same"};
  ASSERT_TRUE(poll_until(30s, {&second}, [&] { return second.owned().size() == 4; }));
  const auto late =
      producer.send_offsets({{{topic_, Partition{0}}, Offset{1}}}, first.consumer(), 10s);
  EXPECT_TRUE(late.outcome == Outcome::abort || late.outcome == Outcome::fenced) << late.message;
  ASSERT_TRUE(poll_until(
      30s, {&first}, [&] { return first.failure() && first.failure()->retry() == Retry::never; }));
  EXPECT_EQ(first.failure()->errc(), Errc::fenced) << first.failure()->message();
}

TEST_F(Groups, OffsetsOfAGenerationThatIsGoneAreRefused) {
  Member first{broker_, topic_, "", kSession};
  ASSERT_TRUE(poll_until(30s, {&first}, [&] { return first.owned().size() == 4; }));
  ProducerOptions options;
  options.transactional_id = broker_.config().prefixed("zombie");
  Producer producer{broker_.config(), options};
  ASSERT_TRUE(producer.init_transactions(20s));
  ASSERT_EQ(producer.begin_transaction().outcome, Outcome::done);
  OutRecord out;
  out.topic = topic_;
  out.key = "k";
  out.value = "late";
  ASSERT_TRUE(producer.produce(out));

  // The first member is stuck and does not poll: the group goes on without it.
  Member second{broker_, topic_};
  ASSERT_TRUE(poll_until(30s, {&second}, [&] { return second.owned().size() == 4; }));
  const auto late =
      producer.send_offsets({{{topic_, Partition{0}}, Offset{1}}}, first.consumer(), 10s);
  EXPECT_EQ(late.outcome, Outcome::abort) << late.message;
  EXPECT_EQ(broker_.admin()
                .group_offsets(broker_.config().prefixed("group"), {{topic_, Partition{0}}})
                ->size(),
            0U);
}

TEST_F(Groups, StaysInTheGroupWithoutAnAssignment) {
  Member member{broker_, topic_, "", kSession};  // empty batches count as polls, too
  ASSERT_TRUE(poll_until(30s, {&member}, [&] { return member.owned().size() == 4; }));
  ASSERT_TRUE(member.consumer().unassign());
  const int rebalances = member.rebalances();
  const auto until = std::chrono::steady_clock::now() + kSession + 3s;
  while (std::chrono::steady_clock::now() < until) {
    member.step();
  }
  EXPECT_EQ(member.rebalances(), rebalances);
  EXPECT_EQ(broker_.admin().describe_group(broker_.config().prefixed("group"))->members, 1);
}

}  // namespace
}  // namespace freshet::kafka
