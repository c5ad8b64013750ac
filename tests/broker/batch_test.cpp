#include "processors/catalogue/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/topics.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/kafka_reading.hpp"
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

constexpr int kPartitions = 3;

std::vector<std::string> described(const std::vector<kafka::TopicPartitionOffset>& offsets) {
  std::vector<std::string> list;
  for (const auto& [at, offset] : offsets) {
    list.push_back(at.topic + "/" + std::to_string(at.partition.value) + "@" +
                   std::to_string(offset.value));
  }
  return list;
}

class Batches : public testing::Test {
 protected:
  Batches() {
    ScriptedStage::script = &script_;
    for (const std::string_view topic :
         {topics::kRaw, topics::kDecisions, topics::kUrlClaims, topics::kUrlVerdicts,
          topics::kTotals, topics::kDeadLetter}) {
      cluster_.create_topic(std::string{topic}, kPartitions);
    }
    cluster_.create_topic(std::string{topics::kPolicy}, 1);
    config_.kafka = cluster_.config();
    std::string name = (std::filesystem::temp_directory_path() / "freshet-batch-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~Batches() override {
    partitions_.clear();
    state_.reset();
    std::filesystem::remove_all(directory_);
    ScriptedStage::script = nullptr;
  }

  void own(std::int32_t number) {
    if (!state_) {
      state_ = std::make_unique<StateStore>(directory_ / "state", UtcTime{1});
    }
    partitions_[number] = std::make_unique<PartitionState>(config_, number, counts_, *state_, 0,
                                                           test::kScriptedStages);
  }

  void say(std::string_view topic, std::int32_t partition, std::string_view value) {
    ASSERT_TRUE(producer().produce({.topic = topic,
                                    .partition = kafka::Partition{partition},
                                    .key = "k",
                                    .value = value,
                                    .headers = nullptr,
                                    .timestamp = std::nullopt}));
    ASSERT_TRUE(producer().flush(10s));
  }
  void say_policy(std::string_view key, std::string_view value) {
    const kafka::Headers headers = schema_headers(schema_header::kPolicy);
    ASSERT_TRUE(producer().produce({.topic = topics::kPolicy,
                                    .partition = kafka::Partition{0},
                                    .key = key,
                                    .value = value,
                                    .headers = &headers,
                                    .timestamp = std::nullopt}));
    ASSERT_TRUE(producer().flush(10s));
  }

  /// All that lies on a topic, a partition after the other.
  kafka::Polled poll(std::string_view topic, std::size_t records) {
    // It outlives its messages: else its end waits for theirs.
    kafka::Consumer& consumer = *consumers_.emplace_back(
        std::make_unique<kafka::Consumer>(config_.kafka, kafka::ConsumerOptions{}));
    std::vector<kafka::TopicPartitionOffset> all;
    for (int i = 0; i < kPartitions; ++i) {
      all.push_back({{std::string{topic}, kafka::Partition{i}}, kafka::Consumer::kBeginning});
    }
    EXPECT_TRUE(consumer.assign(all));
    kafka::Polled polled;
    for (int i = 0; i < 100 && polled.messages.size() < records; ++i) {
      if (auto more = consumer.poll(100ms, 1'000)) {
        std::ranges::move(more->messages, std::back_inserter(polled.messages));
      }
    }
    EXPECT_THAT(polled.messages, SizeIs(records));
    std::ranges::sort(polled.messages, {}, [](const kafka::Message& message) {
      return std::pair{message.partition().value, message.offset().value};
    });
    return polled;
  }

  kafka::Producer& producer() {
    if (!producer_) {
      producer_ = std::make_unique<kafka::Producer>(config_.kafka, kafka::ProducerOptions{});
    }
    return *producer_;
  }
  Batch& batch() {
    if (!batch_) {
      reader_ = std::make_unique<kafka::PolicyReader>(config_.kafka, "test", metrics_);
      policy_ = std::make_unique<PolicyRules>(*reader_);
      batch_ = std::make_unique<Batch>(config_, inputs_, *policy_, partitions_, tools_, counters_,
                                       clock_);
    }
    EXPECT_TRUE(reader_->catch_up([] { return true; }));
    return *batch_;
  }
  void commit() {
    batch().store();
    batch().count();
  }

  test::MockCluster cluster_;
  Config config_;
  Script script_;
  std::filesystem::path directory_;
  PartitionCounts counts_{kPartitions, kPartitions};
  Metrics metrics_;
  FakeClock clock_;
  EstimatePool pool_;
  LoopTools tools_{metrics_, {}, pool_};
  LoopCounters counters_{metrics_, "0"};
  std::unique_ptr<StateStore> state_;
  OwnedPartitions partitions_;
  Inputs inputs_{config_.kafka, counts_};
  std::vector<std::unique_ptr<kafka::Consumer>> consumers_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::PolicyReader> reader_;
  std::unique_ptr<PolicyRules> policy_;
  std::unique_ptr<Batch> batch_;
};

TEST_F(Batches, HandEachRecordToTheStageOfItsInput) {
  own(0);
  own(2);
  say(topics::kRaw, 0, "a");
  say(topics::kRaw, 0, "b");
  say(topics::kUrlVerdicts, 2, "v");
  const kafka::Polled raw = poll(topics::kRaw, 2);
  const kafka::Polled verdicts = poll(topics::kUrlVerdicts, 1);
  batch().begin(producer(), UtcTime{7});
  ASSERT_TRUE(batch().take(raw));
  ASSERT_TRUE(batch().take(verdicts));
  ASSERT_TRUE(batch().finish());
  EXPECT_FALSE(batch().is_idle());
  EXPECT_THAT(described(batch().offsets()),
              ElementsAre("media.raw.v1/0@2", "media.url-verdicts.v1/2@1"));
  commit();
  EXPECT_THAT(script_.of(0),
              ElementsAre("one/0 begin", "two/0 begin", "one/0 apply media.raw.v1@0 a",
                          "one/0 apply media.raw.v1@1 b", "one/0 finish", "two/0 finish",
                          "one/0 store", "two/0 store", "one/0 commit", "two/0 commit"));
  EXPECT_THAT(script_.of(2),
              ElementsAre("one/2 begin", "two/2 begin", "two/2 apply media.url-verdicts.v1@0 v",
                          "one/2 finish", "two/2 finish", "one/2 store", "two/2 store",
                          "one/2 commit", "two/2 commit"));
  EXPECT_EQ(script_.stored[0][index_of(Input::raw)], kafka::Offset{2});
  EXPECT_EQ(script_.stored[0][index_of(Input::verdicts)], std::nullopt);
  EXPECT_EQ(script_.stored[2][index_of(Input::verdicts)], kafka::Offset{1});
  EXPECT_TRUE(batch().is_idle());
  EXPECT_THAT(batch().offsets(), IsEmpty()) << "the next batch begins with nothing";
}

TEST_F(Batches, ThatNeverHappenedAreForgotten) {
  own(1);
  say(topics::kRaw, 1, "a");
  const kafka::Polled raw = poll(topics::kRaw, 1);
  batch().begin(producer(), UtcTime{7});
  ASSERT_TRUE(batch().take(raw));
  batch().rollback();
  EXPECT_THAT(script_.of(1),
              ElementsAre("one/1 begin", "two/1 begin", "one/1 apply media.raw.v1@0 a",
                          "one/1 rollback", "two/1 rollback"));
  EXPECT_TRUE(batch().is_idle());
  EXPECT_THAT(batch().offsets(), IsEmpty());
  // The same records come again.
  script_.calls.clear();
  batch().begin(producer(), UtcTime{8});
  ASSERT_TRUE(batch().take(raw));
  EXPECT_THAT(batch().offsets(), SizeIs(1));
  EXPECT_EQ(script_.calls.front(), "one/1 begin");
}

TEST_F(Batches, CommitPositionsFromWhichNothingWasTaken) {
  own(0);
  batch().begin(producer(), UtcTime{7});
  batch().commit_only({{{std::string{topics::kDecisions}, {0}}, {41}}});
  ASSERT_TRUE(batch().finish());
  EXPECT_TRUE(batch().is_idle());
  EXPECT_THAT(described(batch().offsets()), ElementsAre("media.decisions.v1/0@41"));
  EXPECT_THAT(script_.calls, IsEmpty()) << "no stage has anything to do";
}

TEST_F(Batches, SendTheSumsOfThePartitionsThatTheyTouched) {
  own(0);
  own(1);
  script_.totals = {{0, {{"clean:met", "[1]"}}}, {1, {{"clean:met", "[2]"}}}};
  say(topics::kRaw, 1, "a");
  const kafka::Polled raw = poll(topics::kRaw, 1);
  batch().begin(producer(), UtcTime{7});
  ASSERT_TRUE(batch().take(raw));
  ASSERT_TRUE(batch().finish());
  ASSERT_TRUE(producer().flush(10s));
  const auto sums = test::read_all(config_.kafka, std::string{topics::kTotals}, kPartitions);
  ASSERT_THAT(sums, SizeIs(1));
  EXPECT_EQ(sums[0].partition, 1);
  EXPECT_EQ(sums[0].key, "clean:met:1");
  EXPECT_EQ(sums[0].value, "[2]");
  EXPECT_EQ(partitions_[1]->stored.positions().totals.next(), 0) << "nothing is committed yet";
}

TEST_F(Batches, EndEarlyWhenTheyKeepTooMuch) {
  own(0);
  script_.bytes_kept_by_apply = std::int64_t{20} << 20;
  say(topics::kRaw, 0, "a");
  say(topics::kRaw, 0, "b");
  kafka::Polled raw = poll(topics::kRaw, 2);
  kafka::Polled first;
  first.messages.push_back(std::move(raw.messages.front()));
  raw.messages.erase(raw.messages.begin());
  batch().begin(producer(), UtcTime{7});
  ASSERT_TRUE(batch().take(first));
  EXPECT_FALSE(batch().is_full()) << "20 MB of 32";
  ASSERT_TRUE(batch().take(raw));
  EXPECT_TRUE(batch().is_full());
}

TEST_F(Batches, DoBackgroundWorkPartitionByPartitionInTurn) {
  own(0);
  own(1);
  own(2);
  script_.background = {{0, 2}, {2, 1}};
  EXPECT_TRUE(batch().has_background_work());
  batch().begin(producer(), UtcTime{7});
  batch().scan(0us, 100);  // one step, whatever the time
  EXPECT_THAT(script_.calls, ElementsAre("one/0 begin", "two/0 begin", "one/0 work"));
  EXPECT_TRUE(batch().is_idle()) << "nothing was taken from the inputs";
  ASSERT_TRUE(batch().finish());
  commit();
  script_.calls.clear();
  batch().begin(producer(), UtcTime{8});
  batch().scan(0us, 100);
  EXPECT_EQ(script_.calls.back(), "one/2 work") << "whose turn it is, not the first again";
  batch().scan(1s, 100);
  EXPECT_EQ(script_.calls.back(), "one/0 work");
  EXPECT_FALSE(batch().has_background_work());
}

TEST_F(Batches, WriteNoMoreBehindLiveTrafficThanTheyMay) {
  own(0);
  own(1);
  script_.background = {{0, 2}, {1, 5}};
  batch().begin(producer(), UtcTime{7});
  EXPECT_EQ(batch().scan(1s, 0), 0);
  EXPECT_THAT(script_.calls, IsEmpty());
  EXPECT_EQ(batch().scan(1s, 3), 3) << "over all partitions";
  EXPECT_EQ(script_.background[0] + script_.background[1], 4);
  EXPECT_EQ(batch().scan(1s, 100), 4);
  EXPECT_FALSE(batch().has_background_work());
}

TEST_F(Batches, FailWhenWhatTheyMadeCannotBeSent) {
  own(0);
  script_.totals = {{0, {{"clean:met", std::string(6U << 20U, '1')}}}};
  say(topics::kRaw, 0, "a");
  const kafka::Polled raw = poll(topics::kRaw, 1);
  batch().begin(producer(), UtcTime{7});
  ASSERT_TRUE(batch().take(raw));
  const auto finished = batch().finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().errc(), Errc::too_large);
}

// Every process reads all of policy; one puts aside what nobody can use.
TEST_F(Batches, PutPolicyAsideThatCannotBeUsedOnceAndWithPartition0Alone) {
  say_policy("sensitive_terms", R"({"version":1,"rule":{"terms":7}})");
  own(1);
  EXPECT_FALSE(batch().has_background_work()) << "partition 0 is another process's";
  batch().begin(producer(), UtcTime{7});
  ASSERT_TRUE(batch().finish());
  ASSERT_TRUE(producer().flush(10s));
  EXPECT_THAT(test::read_all(config_.kafka, std::string{topics::kDeadLetter}, kPartitions),
              IsEmpty());
  commit();
  own(0);
  EXPECT_TRUE(batch().has_background_work());
  batch().begin(producer(), UtcTime{8});
  ASSERT_TRUE(batch().finish());
  commit();
  EXPECT_FALSE(batch().has_background_work());
  ASSERT_TRUE(producer().flush(10s));
  const auto letters = test::read_all(config_.kafka, std::string{topics::kDeadLetter}, kPartitions);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters.back().value, R"({"version":1,"rule":{"terms":7}})");
  EXPECT_EQ(letters.back().key, "sensitive_terms");
  const auto policy = test::read_all(config_.kafka, std::string{topics::kPolicy}, 1);
  ASSERT_THAT(policy, SizeIs(2));
  EXPECT_EQ(policy.back().key, "sensitive_terms");
  EXPECT_EQ(policy.back().value.value_or(""), "") << "nothing was in force before";
}

}  // namespace
}  // namespace freshet
