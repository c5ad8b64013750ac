#include "core/kafka/admin.hpp"

#include <gmock/gmock.h>

#include "core/kafka/consumer.hpp"
#include "core/kafka/producer.hpp"
#include "tests/support/real_broker.hpp"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;
using test::RealBroker;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AdminOnBroker, CreatesWhatIsMissingAndLeavesTheRestAlone) {
  RealBroker broker;
  const std::string a = broker.create_topic("a", 2, {{"retention.ms", "3600000"}});
  const std::string b = broker.config().prefixed("b");
  broker.delete_at_the_end(b);
  const auto created = broker.admin().create_topics(
      {{a, 4, 1, {{"retention.ms", "1"}}}, {b, 3, 1, {{"cleanup.policy", "compact"}}}});
  ASSERT_TRUE(created) << created.error().message();
  EXPECT_THAT(*created, ElementsAre(b));
  EXPECT_THAT(*broker.admin().create_topics({{b, 3, 1, {}}}), IsEmpty());

  const auto topics = broker.admin().describe_topics({b, "no-such-topic", a});
  ASSERT_TRUE(topics) << topics.error().message();
  ASSERT_EQ(topics->size(), 2U);
  EXPECT_EQ(topics->at(0).name, b);
  EXPECT_EQ(topics->at(0).partitions, 3);
  EXPECT_EQ(topics->at(0).replication_factor, 1);
  EXPECT_EQ(topics->at(0).configs.at("cleanup.policy"), "compact");
  EXPECT_EQ(topics->at(1).partitions, 2);
  EXPECT_EQ(topics->at(1).configs.at("retention.ms"), "3600000");
}

TEST(AdminOnBroker, ATopicCanBeUsedAsSoonAsItIsCreated) {
  RealBroker broker;
  for (int i = 0; i < 5; ++i) {
    const std::string topic = broker.create_topic("fresh" + std::to_string(i), 8);
    Producer producer{broker.config(), {}};
    OutRecord out;
    out.topic = topic;
    out.key = "k";
    out.value = "v";
    const auto produced = producer.produce(out);
    ASSERT_TRUE(produced) << produced.error().message();
    ASSERT_TRUE(producer.flush(10s));
  }
}

TEST(AdminOnBroker, SaysWhatTheBrokerRefuses) {
  RealBroker broker;
  const auto created = broker.admin().create_topics(
      {{broker.config().prefixed("bad"), 1, 1, {{"cleanup.policy", "burn"}}}});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().retry(), Retry::never);
  EXPECT_THAT(created.error().message(), ::testing::HasSubstr("burn"));
}

TEST(AdminOnBroker, DeletesAndDoesNotMindWhatIsGone) {
  RealBroker broker;
  const std::string topic = broker.create_topic("t", 1);
  EXPECT_TRUE(broker.admin().delete_topics({topic, "no-such-topic"}));
}

TEST(AdminOnBroker, SetsTheOffsetsOfAGroupThatHasNoMembers) {
  RealBroker broker;
  const std::string topic = broker.create_topic("t", 2);
  const std::string group = broker.config().prefixed("group");
  const TopicPartition zero{topic, Partition{0}};
  const TopicPartition one{topic, Partition{1}};
  EXPECT_EQ(broker.admin().describe_group(group)->state, "Dead");
  EXPECT_THAT(*broker.admin().group_offsets(group, {zero, one}), IsEmpty());
  ASSERT_TRUE(broker.admin().set_group_offsets(group, {{zero, Offset{5}}}));
  const std::map<TopicPartition, Offset> expected{{zero, Offset{5}}};
  EXPECT_EQ(*broker.admin().group_offsets(group, {zero, one}), expected);
  EXPECT_EQ(broker.admin().describe_group(group)->state, "Empty");

  ConsumerOptions options;
  options.group = group;
  Consumer member{broker.config(), options};
  bool assigned = false;
  member.subscribe({topic},
                   {.on_assigned = [&](const auto&) { assigned = true; }, .on_revoked = {}});
  for (int i = 0; i < 200 && !assigned; ++i) {
    static_cast<void>(member.poll(100ms, 1));
  }
  ASSERT_TRUE(assigned);
  const auto refused = broker.admin().set_group_offsets(group, {{zero, Offset{0}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::store_refused);
  EXPECT_EQ(refused.error().retry(), Retry::never);
  EXPECT_EQ(*broker.admin().group_offsets(group, {zero, one}), expected);
  EXPECT_EQ(broker.admin().describe_group(group)->members, 1);
  EXPECT_EQ(broker.admin().delete_group(group).error().errc(), Errc::store_refused);
}

TEST(AdminOnBroker, AGroupThatIsDeletedHasNoOffsetsAndNeedNotBeThere) {
  RealBroker broker;
  const std::string topic = broker.create_topic("t", 1);
  const std::string group = broker.config().prefixed("group");
  const TopicPartition zero{topic, Partition{0}};
  ASSERT_TRUE(broker.admin().set_group_offsets(group, {{zero, Offset{5}}}));
  ASSERT_TRUE(broker.admin().delete_group(group));
  EXPECT_THAT(*broker.admin().group_offsets(group, {zero}), IsEmpty());
  EXPECT_TRUE(broker.admin().delete_group(group));
}

}  // namespace
}  // namespace freshet::kafka
