#include "core/topics.hpp"

#include <gmock/gmock.h>

#include <set>

namespace freshet {
namespace {

using testing::Contains;
using testing::Pair;

Config::Kafka laptop() {
  Config::Kafka config;
  config.topic_prefix = "test.";
  config.replication_factor = 1;
  config.min_insync_replicas = 1;
  config.partitions = 12;
  return config;
}

TopicSpec spec_of(std::string_view name) {
  for (TopicSpec& spec : topic_specs(laptop())) {
    if (spec.name == laptop().prefixed(name)) {
      return spec;
    }
  }
  ADD_FAILURE() << name << " is not in schemas/topics.json";
  return {};
}

constexpr std::string_view kAll[] = {
    topics::kRaw,         topics::kCatalog,       topics::kSeen,
    topics::kUrlClaims,   topics::kUrlVerdicts,   topics::kDecisions,
    topics::kPolicy,      topics::kTotals,        topics::kPages,
    topics::kDeadLetter,  topics::kProducerState, topics::kUsageEvents,
    topics::kReports,     topics::kAlerts,        topics::kDeadLetterActions,
    topics::kUsageClicks, topics::kLinkChecks};

TEST(TopicSpecs, NameEveryTopicOnceUnderThePrefix) {
  std::set<std::string> expected;
  for (const std::string_view name : kAll) {
    expected.insert("test." + std::string{name});
  }
  std::set<std::string> found;
  for (const TopicSpec& spec : topic_specs(laptop())) {
    EXPECT_TRUE(found.insert(spec.name).second) << spec.name;
    EXPECT_EQ(spec.replication_factor, 1);
    EXPECT_THAT(spec.configs, Contains(Pair("min.insync.replicas", "1")));
  }
  EXPECT_EQ(found, expected);
}

TEST(TopicSpecs, GiveWhatIsKeyedByWorkOnePartitionCount) {
  for (const std::string_view name :
       {topics::kRaw, topics::kCatalog, topics::kSeen, topics::kUrlClaims, topics::kUrlVerdicts,
        topics::kDecisions, topics::kTotals, topics::kDeadLetter, topics::kReports,
        topics::kLinkChecks}) {
    EXPECT_EQ(spec_of(name).partitions, 12) << name;
  }
  EXPECT_EQ(spec_of(topics::kPolicy).partitions, 1);
  EXPECT_EQ(spec_of(topics::kProducerState).partitions, 1);
  EXPECT_GE(spec_of(topics::kUsageEvents).partitions, 1);
}

TEST(TopicSpecs, CompactStateAndExpireEvents) {
  constexpr std::int64_t kDay = 86'400'000;
  const std::map<std::string_view, std::int64_t> expire = {
      {topics::kRaw, 30},        {topics::kSeen, 30},      {topics::kReports, 30},
      {topics::kDeadLetter, 90}, {topics::kPages, 30},     {topics::kUsageEvents, 30},
      {topics::kAlerts, 90},     {topics::kLinkChecks, 30}};
  for (const std::string_view name : kAll) {
    const TopicSpec spec = spec_of(name);
    if (name == topics::kUsageClicks) {  // the newest of a key, for as long as it may be counted
      EXPECT_THAT(spec.configs, Contains(Pair("cleanup.policy", "compact,delete")));
      EXPECT_THAT(spec.configs, Contains(Pair("retention.ms", std::to_string(90 * kDay))));
    } else if (const auto days = expire.find(name); days != expire.end()) {
      EXPECT_THAT(spec.configs, Contains(Pair("cleanup.policy", "delete"))) << name;
      EXPECT_THAT(spec.configs, Contains(Pair("retention.ms", std::to_string(days->second * kDay))))
          << name;
    } else {
      EXPECT_THAT(spec.configs, Contains(Pair("cleanup.policy", "compact"))) << name;
      EXPECT_FALSE(spec.configs.contains("retention.ms")) << name;
    }
  }
  // A sighting's own time is checked against it.
  EXPECT_THAT(spec_of(topics::kRaw).configs,
              Contains(Pair("message.timestamp.type", "LogAppendTime")));
}

TEST(TopicSpecs, LeaveRoomForTheLargestRecordAndTheBatchAroundIt) {
  const std::map<std::string_view, std::size_t> limits = {
      {topics::kRaw, kRawMaxBytes},
      {topics::kCatalog, kCatalogMaxBytes},
      {topics::kDeadLetter, kDeadLetterMaxBytes}};
  for (const auto& [name, limit] : limits) {
    const std::size_t topic = std::stoul(spec_of(name).configs.at("max.message.bytes"));
    EXPECT_GE(topic, limit + 1024) << name;
    EXPECT_LE(topic, limit + (128U << 10U)) << name;
  }
}

}  // namespace
}  // namespace freshet
