#include "processors/sums/aggregate.hpp"

#include <gtest/gtest.h>

#include "core/policy_log.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kScope = "image:flickr";

/// Policy as the topic says it, and partitions that report to it.
class Sums : public testing::Test {
 protected:
  static constexpr std::int32_t kPartitions = 3;

  void publish(const std::vector<PolicyAnswer>& answers) {
    for (const PolicyAnswer& answer : answers) {
      say(answer.key, answer.rule);
    }
  }
  void say(std::string_view key, const PolicyRule& rule) {
    const std::string value =
        encode_policy_value({next_policy_version(log.policy(), UtcTime::from_millis(5)),
                             UtcTime::from_millis(5), "freshet", "why", rule});
    ASSERT_FALSE(log.apply({key, value, "policy/1", std::nullopt, UtcTime::from_millis(5), 0}));
  }
  void take(std::string_view name, std::int32_t partition, std::string_view value) {
    aggregate.take(std::string{name} + ":" + std::to_string(partition), value, now);
  }
  void views(std::int32_t partition, std::string_view chunk_0) {
    take("popularity.image.0:flickr", partition, R"({"views":)" + std::string{chunk_0} + "}");
  }
  void run(std::int32_t partition, std::int64_t started_ms, std::int64_t known,
           std::int64_t missing, bool is_counted = true, std::int64_t refused_ms = 0) {
    take("run.image:flickr", partition,
         encode_totals(RunCount{UtcTime::from_millis(started_ms), known, missing, is_counted,
                                UtcTime::from_millis(refused_ms)}
                           .to_totals()));
  }
  std::vector<PolicyAnswer> ask() { return aggregate.answers(log.policy(), now); }
  std::vector<PolicyAnswer> ask_at_rest() {
    now += Aggregate::kRest;
    return ask();
  }
  const PopularityRule& popularity() {
    return *log.policy().find<PopularityRule>("popularity:image:flickr");
  }
  const RemovalRule* removal() { return log.policy().find<RemovalRule>("removal:image:flickr"); }

  Aggregate::Time now{};
  PolicyLog log;
  Aggregate aggregate{kPartitions, {{std::string{kScope}, PopularityMetric{"views", 0.8}}}};
};

TEST_F(Sums, PopularityIsOfAllPartitionsTogether) {
  views(0, R"({"0":0,"10":7})");
  views(1, R"({"0":0,"20":2})");
  views(2, R"({"0":0,"100":1})");
  const auto answers = ask_at_rest();
  ASSERT_EQ(answers.size(), 1);
  EXPECT_EQ(answers[0].key, "popularity:image:flickr");
  const auto& rule = std::get<PopularityRule>(answers[0].rule);
  EXPECT_EQ(rule, (PopularityRule{"views", 0.8, 20, rule.constant, 10}));
  EXPECT_NEAR(rule.constant, 5, 1e-12);
  publish(answers);
  EXPECT_TRUE(ask().empty());
}

TEST_F(Sums, WorksWithoutAMetricHaveNoPercentile) {
  views(0, R"({"0":0})");
  EXPECT_TRUE(ask_at_rest().empty());
  take("popularity.image.0:flickr", 0, R"({"likes":{"0":0,"9":5}})");  // another metric's
  EXPECT_TRUE(ask_at_rest().empty());
  take("popularity.image.0:met", 0, R"({"views":{"0":0,"9":5}})");  // has none
  take("process:flickr", 0, R"({"received":5})");
  take("popularity.image.0:flickr", 7, R"({"views":{"0":0,"9":5}})");  // no such partition
  EXPECT_TRUE(ask_at_rest().empty());
}

TEST_F(Sums, AllAtZeroCountAsOne) {
  views(0, R"({"0":9})");
  publish(ask_at_rest());
  EXPECT_EQ(popularity().value, 1);
  EXPECT_NEAR(popularity().constant, 0.25, 1e-12);
}

TEST_F(Sums, ArePublishedAgainOnlyWhenTheyMove) {
  const auto set = [&](int value) {
    views(0, R"({"0":0,")" + std::to_string(value) + R"(":5})");
    now += 10s;
    return ask();
  };
  publish(set(100));
  EXPECT_TRUE(set(102).empty());  // 2 %: no more than that
  EXPECT_TRUE(set(98).empty());
  const auto answers = set(103);
  ASSERT_EQ(answers.size(), 1);
  publish(answers);
  EXPECT_EQ(popularity().value, 103);
  EXPECT_TRUE(set(102).empty());  // measured from what is published
  EXPECT_EQ(set(100).size(), 1);
}

// The second of two such processes, or the next one after a restart, has nothing to add.
TEST_F(Sums, ReadAgainFromTheStartSayNothingNew) {
  views(0, R"({"0":0,"50":5})");
  run(0, 1'000, 10, 1);
  run(1, 1'000, 10, 0);
  run(2, 1'000, 0, 0);
  publish(ask_at_rest());
  Aggregate again{kPartitions, {{std::string{kScope}, PopularityMetric{"views", 0.8}}}};
  std::swap(aggregate, again);
  views(0, R"({"0":0,"50":5})");
  run(0, 1'000, 10, 1);
  run(1, 1'000, 10, 0);
  run(2, 1'000, 0, 0);
  EXPECT_TRUE(ask_at_rest().empty());
}

// In a load that does not rest, first soon, then each time after twice as long, at last once a
// minute.
TEST_F(Sums, AreLookedAtSoonInALoadAndThenEverLessOften) {
  const auto begin = now;
  std::vector<std::int64_t> looks;
  std::vector<std::int64_t> final_looks;
  for (int i = 1; i <= 3'000; ++i) {
    views(0, R"({"0":0,")" + std::to_string(i % 2 == 0 ? 10 : 90) + R"(":5})");
    // Nothing is published: each look finds a first percentile.
    if (const auto answers = ask(); !answers.empty()) {
      const bool is_final = !std::get<PopularityRule>(answers[0].rule).is_provisional;
      (is_final ? final_looks : looks)
          .push_back(std::chrono::duration_cast<std::chrono::milliseconds>(now - begin).count());
    }
    now += 100ms;
  }
  EXPECT_EQ(looks,
            (std::vector<std::int64_t>{300, 800, 1'800, 3'800, 7'800, 15'800, 31'800, 63'800}));
  EXPECT_EQ(final_looks, (std::vector<std::int64_t>{123'800, 183'800, 243'800}));
  EXPECT_FALSE(aggregate.is_at_rest());
  EXPECT_EQ(ask_at_rest().size(), 1) << "and at its end";
  EXPECT_TRUE(aggregate.is_at_rest());
}

TEST_F(Sums, ALoadAfterARestIsLookedAtSoonAgain) {
  views(0, R"({"0":0,"10":5})");
  publish(ask_at_rest());
  now += 10s;
  views(0, R"({"0":0,"90":5})");
  publish(ask());
  EXPECT_EQ(popularity().value, 90);
  EXPECT_TRUE(popularity().is_provisional);
  now += 600ms;
  EXPECT_TRUE(ask().empty()) << "nothing moved, and it is not at rest";
  publish(ask_at_rest());
  EXPECT_EQ(popularity().value, 90);
  EXPECT_FALSE(popularity().is_provisional) << "works wait for this one";
  EXPECT_TRUE(aggregate.is_at_rest());
  views(0, R"({"0":0,"30":5})");
  now += 100ms;
  EXPECT_TRUE(ask().empty());
}

// Loops that know more works than policy rests on use what they know, so policy has to say
// something newer as soon as that may be: else they would go on for ever.
TEST_F(Sums, ArePublishedAgainWhenTheyRestOnMoreThanTwiceAsManyWorks) {
  views(0, R"({"0":0,"50":10})");
  publish(ask_at_rest());
  EXPECT_EQ(popularity().works, 10);
  views(0, R"({"0":0,"50":21})");
  EXPECT_TRUE(ask_at_rest().empty());
  views(0, R"({"0":0,"50":22})");
  const auto answers = ask_at_rest();
  ASSERT_EQ(answers.size(), 1);
  EXPECT_EQ(answers[0].why, "counted from twice as many works");
  publish(answers);
  EXPECT_EQ(popularity().works, 22);
}

TEST_F(Sums, AFewMissingAreApprovedAtOnceWhenAllHaveReported) {
  run(0, 1'000, 40, 10);
  run(1, 1'000, 40, 10);
  EXPECT_TRUE(ask().empty());
  run(2, 1'000, 20, 0, false);
  EXPECT_TRUE(ask().empty());
  run(2, 900, 20, 0);
  EXPECT_TRUE(ask().empty());
  run(2, 1'000, 20, 0);
  publish(ask());
  ASSERT_NE(removal(), nullptr);
  EXPECT_EQ(*removal(), (RemovalRule{UtcTime::from_millis(1'000), {}, {}}));  // 20 %: no more
  EXPECT_TRUE(ask().empty());
}

class JudgedRuns : public Sums {
 protected:
  void all(std::int64_t started_ms, std::int64_t known, std::int64_t missing,
           std::int64_t refused_ms = 0) {
    run(0, started_ms, known, missing, true, refused_ms);
    run(1, started_ms, 0, 0);
    run(2, started_ms, 0, 0);
    publish(ask());
  }
  static UtcTime ms(std::int64_t time) { return UtcTime::from_millis(time); }
};

TEST_F(JudgedRuns, ManyMissingAreHeldUntilSomebodySaysSo) {
  all(1'000, 100, 5);
  all(2'000, 100, 21);
  EXPECT_EQ(*removal(), (RemovalRule{ms(1'000), {}, RemovalRule::Held{ms(2'000), 100, 21}}));
  all(2'000, 100, 21);
  EXPECT_TRUE(ask().empty());
  say("removal:image:flickr", RemovalRule{ms(1'000), ms(2'000), {}});  // refused
  EXPECT_TRUE(ask().empty());
  all(3'000, 100, 21);  // a later run asks again
  EXPECT_EQ(removal()->held, (RemovalRule::Held{ms(3'000), 100, 21}));
  all(4'000, 100, 3);  // and one that saw them settles it
  EXPECT_EQ(*removal(), (RemovalRule{ms(4'000), ms(2'000), {}}));
}

TEST_F(JudgedRuns, AllMissingAreHeldAndNoneMissingAreNot) {
  all(1'000, 7, 7);
  EXPECT_EQ(removal()->held, (RemovalRule::Held{ms(1'000), 7, 7}));
  all(2'000, 7, 0);
  EXPECT_EQ(*removal(), (RemovalRule{ms(2'000), {}, {}}));
  all(3'000, 0, 0);
  EXPECT_EQ(removal()->approved_before, ms(3'000));
}

TEST_F(JudgedRuns, MissingOnesAreHeldWhenSightingsOfKnownWorksWereRefused) {
  all(1'000, 1'000, 1, 1'000);
  EXPECT_EQ(removal()->held, (RemovalRule::Held{ms(1'000), 1'000, 1, true}));
  all(2'000, 1'000, 1, 1'999);  // refused before this run began
  EXPECT_EQ(*removal(), (RemovalRule{ms(2'000), {}, {}}));
  all(3'000, 1'000, 0, 3'500);  // nothing to remove
  EXPECT_EQ(removal()->approved_before, ms(3'000));
}

TEST_F(JudgedRuns, AnOlderRunThatIsReadLateChangesNothing) {
  all(2'000, 100, 50);
  all(1'000, 100, 1);
  EXPECT_EQ(*removal(), (RemovalRule{{}, {}, RemovalRule::Held{ms(2'000), 100, 50}}));
}

TEST(RemovalRules, AreReadAsTheyWereWritten) {
  const RemovalRule rule{UtcTime::from_millis(1'000), UtcTime::from_millis(2'000),
                         RemovalRule::Held{UtcTime::from_millis(3'000), 4, 3, true}};
  const auto read = parse_policy_rule("removal:image:met", encode_policy_rule(rule));
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<RemovalRule>(*read), rule);
  const auto least = parse_policy_rule("removal:image:met", R"({"approved_before":null})");
  ASSERT_TRUE(least);
  EXPECT_EQ(std::get<RemovalRule>(*least), RemovalRule{});
  EXPECT_FALSE(parse_policy_rule("removal:image:met",
                                 R"({"approved_before":null,"refused_before":"soon"})"));
}

}  // namespace
}  // namespace freshet
