#include "processors/catalogue/restore.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/kafka/producer.hpp"
#include "core/topics.hpp"
#include "core/totals.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/mock_cluster.hpp"
#include "tests/support/scripted_stage.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using test::Script;
using test::ScriptedStage;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kPartitions = 2;

class Restores : public testing::Test {
 protected:
  Restores() {
    ScriptedStage::script = &script_;
    for (const std::string_view topic : {topics::kRaw, topics::kDecisions, topics::kUrlClaims,
                                         topics::kUrlVerdicts, topics::kTotals, topics::kCatalog}) {
      cluster_.create_topic(std::string{topic}, kPartitions);
    }
    config_.kafka = cluster_.config();
    std::string name = (std::filesystem::temp_directory_path() / "freshet-restore-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    state_ = std::make_unique<StateStore>(directory_ / "state", UtcTime{1});
    producer_ = std::make_unique<kafka::Producer>(config_.kafka, kafka::ProducerOptions{});
    kafka::ConsumerOptions options;
    options.group = "process.catalogue";
    group_ = std::make_unique<kafka::Consumer>(config_.kafka, options);
    for (int i = 0; i < kPartitions; ++i) {
      partitions_.push_back(
          std::make_unique<PartitionState>(config_, i, counts_, *state_, 0, test::kScriptedStages));
    }
  }
  ~Restores() override {
    partitions_.clear();
    state_.reset();
    std::filesystem::remove_all(directory_);
    ScriptedStage::script = nullptr;
  }

  void say(std::string_view topic, std::int32_t partition, std::string_view key,
           std::string_view value = "{}") {
    ASSERT_TRUE(producer_->produce({.topic = topic,
                                    .partition = kafka::Partition{partition},
                                    .key = key,
                                    .value = value,
                                    .headers = nullptr,
                                    .timestamp = std::nullopt}));
    ASSERT_TRUE(producer_->flush(10s));
  }
  void take(std::string_view topic, std::int32_t partition, std::int64_t next) {
    ASSERT_TRUE(group_->commit({{{std::string{topic}, kafka::Partition{partition}}, {next}}}));
  }
  std::optional<StartOffsets> restore_all() {
    const RestoreEnvironment environment{config_, inputs_, *group_, clock_,
                                         metrics_.counter("nobody", "Sums of nobody", {})};
    return restore(environment, partitions_, keep_alive_);
  }
  double sums_of_nobody() { return metrics_.counter("nobody", "Sums of nobody", {}).value(); }

  test::MockCluster cluster_;
  Config config_;
  Script script_;
  std::filesystem::path directory_;
  PartitionCounts counts_{kPartitions, kPartitions};
  Metrics metrics_;
  FakeClock clock_;
  Inputs inputs_{config_.kafka, counts_};
  KeepAlive keep_alive_ = [] { return true; };
  std::unique_ptr<StateStore> state_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::Consumer> group_;
  std::vector<std::unique_ptr<PartitionState>> partitions_;
};

TEST_F(Restores, ReadChangelogsToTheirEndsAndInputsOnlyAsFarAsTheyWereTaken) {
  say(topics::kCatalog, 0, "image:met:1");
  say(topics::kCatalog, 0, "image:met:2");
  say(topics::kUrlClaims, 1, "taken");
  say(topics::kUrlClaims, 1, "not taken");
  take(topics::kUrlClaims, 1, 1);
  const auto offsets = restore_all();
  ASSERT_TRUE(offsets);
  EXPECT_THAT(script_.of(0),
              ElementsAre("one/0 begin_changelog 0 to 2 of 2", "two/0 begin_changelog 0 to 0 of 0",
                          "one/0 restore image:met:1", "one/0 restore image:met:2",
                          "one/0 end_changelog", "one/0 end_restore", "two/0 end_restore"));
  EXPECT_THAT(script_.of(1),
              ElementsAre("one/1 begin_changelog 0 to 0 of 0", "two/1 begin_changelog 0 to 1 of 2",
                          "two/1 restore taken", "two/1 end_changelog", "one/1 end_restore",
                          "two/1 end_restore"));
  EXPECT_THAT(offsets->all, SizeIs(2 * kInputs.size()));
  EXPECT_THAT(offsets->first, IsEmpty()) << "no decision is unread";
}

TEST_F(Restores, TellWhichDecisionsAreUnread) {
  say(topics::kDecisions, 0, "image:met:1");
  say(topics::kDecisions, 1, "image:met:2");
  take(topics::kDecisions, 1, 1);
  const auto offsets = restore_all();
  ASSERT_TRUE(offsets);
  ASSERT_THAT(offsets->first, SizeIs(1));
  EXPECT_EQ(offsets->first[0].at, (kafka::TopicPartition{std::string{topics::kDecisions}, {0}}));
}

TEST_F(Restores, BeginAnInputAnewThatEndsBeforeTheGroupsOffset) {
  say(topics::kRaw, 0, "image:met:1");
  take(topics::kRaw, 0, 500);
  const auto offsets = restore_all();
  ASSERT_TRUE(offsets);
  for (const auto& from : offsets->all) {
    if (from.at == kafka::TopicPartition{std::string{topics::kRaw}, {0}}) {
      EXPECT_EQ(from.offset, kafka::Consumer::kBeginning);
    }
  }
}

TEST_F(Restores, SetAStateAsideThatIsAheadOfItsTopics) {
  say(topics::kCatalog, 0, "image:met:1");
  partitions_[0]->stored.write_kept_sums();
  partitions_[0]->stored.write({}, RecordForm::json);  // so that there is a state
  script_.positions[0] = 7;
  ASSERT_TRUE(restore_all());
  EXPECT_THAT(script_.of(0),
              ElementsAre("one/0 forget", "two/0 forget", "one/0 begin_changelog 0 to 1 of 1",
                          "two/0 begin_changelog 0 to 0 of 0", "one/0 restore image:met:1",
                          "one/0 end_changelog", "one/0 end_restore", "two/0 end_restore"));
}

TEST_F(Restores, LoadAStateOnce) {
  partitions_[0]->stored.write({}, RecordForm::json);
  ASSERT_TRUE(restore_all());
  EXPECT_THAT(
      script_.of(0),
      ElementsAre("one/0 load", "two/0 load", "one/0 begin_changelog 0 to 0 of 0",
                  "two/0 begin_changelog 0 to 0 of 0", "one/0 end_restore", "two/0 end_restore"));
  script_.calls.clear();
  ASSERT_TRUE(restore_all()) << "another owner, the same process";
  EXPECT_EQ(script_.of(0).front(), "one/0 begin_changelog 0 to 0 of 0");
}

TEST_F(Restores, EndWhenTheGroupSaysSo) {
  say(topics::kCatalog, 0, "image:met:1");
  int asked = 0;
  keep_alive_ = [&] { return ++asked < 3; };
  EXPECT_FALSE(restore_all());
  EXPECT_LE(asked, 10);
  keep_alive_ = [] { return true; };
  script_.ends_restore = false;
  EXPECT_FALSE(restore_all());
  script_.ends_restore = true;
  EXPECT_TRUE(restore_all());
}

TEST_F(Restores, CountSumsThatNobodyKnows) {
  const std::string sums = encode_totals(Totals{});
  say(topics::kTotals, 0, "a_later_version:met:0", sums);
  say(topics::kTotals, 0, "no key of sums", sums);
  ASSERT_TRUE(restore_all());
  EXPECT_EQ(sums_of_nobody(), 2);
  EXPECT_EQ(partitions_[0]->stored.positions().totals.next(), 2) << "they are read all the same";
}

}  // namespace
}  // namespace freshet
