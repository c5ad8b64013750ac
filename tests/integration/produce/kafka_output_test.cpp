#include "producers/kafka_output.hpp"

#include <gtest/gtest.h>

#include "core/topics.hpp"
#include "tests/support/real_broker.hpp"

namespace freshet {
namespace {

class KafkaOutputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const TopicSpec& spec : topic_specs(broker_.config())) {
      const std::string name = spec.name.substr(broker_.config().topic_prefix.size());
      broker_.create_topic(name, name == topics::kProducerState ? 1 : 2);
    }
  }

  RunState state(const std::string& run_id, RunOutcome outcome = RunOutcome::running) const {
    RunState state;
    state.command = "jamendo";
    state.run_id = run_id;
    state.started_at = clock_.now();
    state.updated_at = clock_.now();
    state.outcome = outcome;
    return state;
  }

  static TotalsByProvider emitted(std::int64_t count) {
    TotalsByProvider totals;
    totals["jamendo"].add("emitted", count);
    return totals;
  }

  std::int64_t sum(const std::string& key) {
    const auto values = read_newest(broker_.config(), broker_.config().prefixed(topics::kTotals),
                                    kafka::Partition{0}, {key});
    return parse_totals(values->at(key))->at("emitted");
  }

  test::RealBroker broker_;
  SystemClock clock_;
};

TEST_F(KafkaOutputTest, ARunThatWasTakenOverWritesNothingAnyMore) {
  KafkaOutput first{broker_.config(), clock_, {}};
  ASSERT_TRUE(first.take_over("jamendo", 0));
  ASSERT_TRUE(first.checkpoint(state("first"), emitted(5)));

  KafkaOutput second{broker_.config(), clock_, {}};
  ASSERT_TRUE(second.take_over("jamendo", 0));
  // Before the second one has written anything, too.
  const auto late = first.checkpoint(state("first"), emitted(100));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().errc(), Errc::fenced);
  ASSERT_TRUE(second.checkpoint(state("second"), emitted(7)));

  const auto end = first.run_finished(MediaType::audio, "jamendo", "{}");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().errc(), Errc::fenced);
  EXPECT_FALSE(first.checkpoint(state("first", RunOutcome::finished), {}));
  const auto last = second.last_state("jamendo");
  ASSERT_TRUE(last && *last);
  EXPECT_EQ((*last)->run_id, "second");
  EXPECT_EQ(sum("produce:jamendo:0"), 12);
  ASSERT_TRUE(second.checkpoint(state("second", RunOutcome::finished), emitted(1)));
  EXPECT_EQ(sum("produce:jamendo:0"), 13);
}

// Two that begin together: whoever takes over last goes on from what it finds.
TEST_F(KafkaOutputTest, OfTwoThatBeginTogetherOneGoesOn) {
  KafkaOutput first{broker_.config(), clock_, {}};
  KafkaOutput second{broker_.config(), clock_, {}};
  ASSERT_TRUE(first.last_state("jamendo"));
  ASSERT_TRUE(second.last_state("jamendo"));
  ASSERT_TRUE(first.take_over("jamendo", 0));
  RunState elsewhere = state("first");
  elsewhere.holder = RunHolder{"elsewhere", "another boot", 7, "1"};
  ASSERT_TRUE(first.checkpoint(elsewhere, emitted(5)));
  ASSERT_TRUE(second.take_over("jamendo", 0));
  const auto found = second.last_state("jamendo");
  ASSERT_TRUE(found && *found);
  EXPECT_TRUE(is_alive(**found, clock_.now()));
  ASSERT_TRUE(second.checkpoint(state("first"), emitted(7)));
  const auto late = first.checkpoint(elsewhere, emitted(100));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().errc(), Errc::fenced);
  EXPECT_EQ(sum("produce:jamendo:0"), 12);
}

TEST_F(KafkaOutputTest, OthersAreNotDisturbed) {
  KafkaOutput provider{broker_.config(), clock_, {}};
  KafkaOutput file{broker_.config(), clock_, {}};
  ASSERT_TRUE(provider.take_over("jamendo", 0));
  ASSERT_TRUE(file.take_over("tsv-1", 77));
  ASSERT_TRUE(provider.checkpoint(state("run"), emitted(5)));
  ASSERT_TRUE(file.checkpoint(state("file"), emitted(1)));
  ASSERT_TRUE(provider.checkpoint(state("run"), emitted(5)));
  ASSERT_TRUE(file.checkpoint(state("file"), emitted(1)));
  EXPECT_EQ(sum("produce:jamendo:0"), 10);
  EXPECT_EQ(sum("produce:jamendo:77"), 2);
}

// The source may keep a run waiting for as long as it likes.
TEST_F(KafkaOutputTest, KeepsTheStateOfARunThatWaitsFresh) {
  KafkaOutput output{broker_.config(), clock_, {}};
  ASSERT_TRUE(output.take_over("jamendo", 0));
  RunState long_ago = state("waits");
  long_ago.updated_at = long_ago.updated_at - std::chrono::hours{1};
  ASSERT_TRUE(output.checkpoint(long_ago, {}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  for (;;) {
    const auto last = output.last_state("jamendo");
    ASSERT_TRUE(last && *last);
    if ((*last)->updated_at > long_ago.updated_at) {
      EXPECT_EQ((*last)->run_id, "waits");
      EXPECT_LT(clock_.now() - (*last)->updated_at, kRunSilence);
      return;
    }
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
  }
}

}  // namespace
}  // namespace freshet
