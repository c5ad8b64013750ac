#include "core/kafka/policy_reader.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/check.hpp"
#include "core/kafka/producer.hpp"
#include "core/topics.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;

class PolicyReaderTest : public ::testing::Test {
 protected:
  void create_topic() { cluster_.create_topic(std::string{topics::kPolicy}, 1); }

  void say(std::string_view key, std::optional<std::string> rule,
           std::string_view schema = schema_header::kPolicy) {
    std::optional<std::string> value;
    if (rule) {
      value = R"({"version":)" + std::to_string(++version_) +
              R"(,"at":"2026-11-21T00:00:00.000Z","by":"a","why":"b","rule":)" + *rule + "}";
    }
    const Headers headers{{std::string{schema_header::kName}, std::string{schema}}};
    Producer producer{config_, {}};
    ASSERT_TRUE(producer.produce({.topic = topics::kPolicy,
                                  .partition = Partition{0},
                                  .key = key,
                                  .value = value,
                                  .headers = &headers,
                                  .timestamp = std::nullopt}));
    ASSERT_TRUE(producer.flush(10s));
  }

  static bool catch_up(PolicyReader& reader, std::chrono::seconds within = 20s) {
    const auto until = std::chrono::steady_clock::now() + within;
    return reader.catch_up([&] { return std::chrono::steady_clock::now() < until; });
  }
  static bool hides(const PolicyReader& reader, std::string_view key) {
    const auto* const rule = reader.state()->policy->find<SourceRule>(key);
    return rule != nullptr && rule->hidden;
  }

  test::MockCluster cluster_;
  Config::Kafka config_ = cluster_.config();
  Metrics metrics_;
  int version_ = 0;
};

TEST_F(PolicyReaderTest, HasAllThatWasSaidBeforeItIsAsked) {
  create_topic();
  say("source:a", R"({"hidden":true})");
  PolicyReader reader{config_, "test", metrics_};
  ASSERT_TRUE(catch_up(reader));
  EXPECT_TRUE(hides(reader, "source:a"));
  EXPECT_EQ(reader.state()->policy->version(), 1);
  for (int i = 0; i < 3; ++i) {
    const std::string key = "source:b" + std::to_string(i);
    say(key, R"({"hidden":true})");
    ASSERT_TRUE(catch_up(reader));
    EXPECT_TRUE(hides(reader, key)) << "not only what was there when it began";
  }
  EXPECT_NE(metrics_.text().find(R"(freshet_policy_version{role="test"} 4)"), std::string::npos);
}

TEST_F(PolicyReaderTest, AnEmptyTopicIsPolicyAsShipped) {
  create_topic();
  PolicyReader reader{config_, "test", metrics_};
  ASSERT_TRUE(catch_up(reader));
  EXPECT_EQ(reader.state()->policy->version(), 0);
  EXPECT_TRUE(reader.state()->policy->values().empty());
}

TEST_F(PolicyReaderTest, WhatWasTakenIsNotChangedByWhatComes) {
  create_topic();
  say("source:a", R"({"hidden":true})");
  PolicyReader reader{config_, "test", metrics_};
  ASSERT_TRUE(catch_up(reader));
  const auto taken = reader.state();
  say("source:a", std::nullopt);
  ASSERT_TRUE(catch_up(reader));
  EXPECT_FALSE(hides(reader, "source:a"));
  EXPECT_TRUE(taken->policy->find<SourceRule>("source:a")->hidden);
}

TEST_F(PolicyReaderTest, TellsOfWhatCannotBeUsedUntilItIsMended) {
  create_topic();
  say("source:a", R"({"hidden":true})");
  say("source:a", R"({"hidden":7})");
  say("source:b", R"({"hidden":true})", "policy/9");
  PolicyReader reader{config_, "test", metrics_};
  ASSERT_TRUE(catch_up(reader));
  EXPECT_TRUE(hides(reader, "source:a"));
  ASSERT_EQ(reader.state()->faults.size(), 2U);
  EXPECT_EQ(reader.state()->faults[0].offset, 1);
  EXPECT_EQ(reader.state()->faults[1].offset, 2);
  EXPECT_NE(metrics_.text().find(R"(freshet_policy_values_unusable_total{role="test"} 2)"),
            std::string::npos);
  say("source:a", R"({"hidden":false})");
  say("source:b", std::nullopt);
  ASSERT_TRUE(catch_up(reader));
  EXPECT_TRUE(reader.state()->faults.empty());
}

TEST_F(PolicyReaderTest, WithoutABrokerItSaysNothingAndEnds) {
  create_topic();
  cluster_.go_away();
  PolicyReader reader{config_, "test", metrics_};
  EXPECT_FALSE(catch_up(reader, 1s));
  EXPECT_EQ(reader.state(), nullptr) << "nobody may take that for policy as shipped";
}

TEST_F(PolicyReaderTest, ABrokerThatComesBackIsReadOn) {
  create_topic();
  say("source:a", R"({"hidden":true})");
  PolicyReader reader{config_, "test", metrics_};
  ASSERT_TRUE(catch_up(reader));
  cluster_.go_away();
  EXPECT_FALSE(catch_up(reader, 1s)) << "it cannot know";
  cluster_.come_back();
  say("source:a", R"({"hidden":false})");
  ASSERT_TRUE(catch_up(reader, 30s));
  EXPECT_FALSE(hides(reader, "source:a"));
}

TEST_F(PolicyReaderTest, WhoWaitsIsToldThatItCannotBeRead) {
  create_topic();
  config_.librdkafka["no.such.property"] = "1";
  PolicyReader reader{config_, "test", metrics_};
  try {
    static_cast<void>(catch_up(reader));
    FAIL() << "waited for a reader that cannot read";
  } catch (const WorkFailed& error) {
    EXPECT_NE(std::string{error.what()}.find("no.such.property"), std::string::npos)
        << error.what();
  }
  EXPECT_TRUE(reader.fault());
}

TEST_F(PolicyReaderTest, AFaultThatPassesIsTriedAgain) {
  create_topic();
  say("source:a", R"({"hidden":true})");
  cluster_.fail(test::MockCluster::Request::fetch, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  PolicyReader reader{config_, "test", metrics_};
  ASSERT_TRUE(catch_up(reader));
  EXPECT_TRUE(hides(reader, "source:a"));
  EXPECT_EQ(reader.fault(), std::nullopt);
}

}  // namespace
}  // namespace freshet::kafka
