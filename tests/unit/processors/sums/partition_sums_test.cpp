#include "processors/sums/partition_sums.hpp"

#include <gtest/gtest.h>

#include <limits>

#include <algorithm>
#include <random>

namespace freshet {
namespace {

using Changed = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kScope = "image:flickr";

Changed changed(const PartitionSums& sums) {
  Changed out;
  sums.append_changed(out);
  return out;
}

/// What lies on the topic after compaction: the last value of each key.
class Topic {
 public:
  void commit(PartitionSums& sums) {
    for (auto& [name, value] : changed(sums)) {
      values_[name] = value;
    }
    sums.commit();
  }
  PartitionSums restored() const {
    PartitionSums sums;
    for (const auto& [name, value] : values_) {
      const auto key = parse_totals_key(name + ":3");
      EXPECT_TRUE(key) << name;
      const auto totals = parse_totals(value);
      EXPECT_TRUE(totals) << value;
      EXPECT_TRUE(sums.restore(key->kind, key->provider, *totals)) << name;
    }
    return sums;
  }
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

PartitionSums counting(std::string_view metric = "views") {
  PartitionSums sums;
  sums.begin_count(kScope, metric);
  sums.commit();
  return sums;
}

TEST(Scope, IsWhatAKeyBeginsWith) {
  EXPECT_EQ(scope_of("image:met:437133"), "image:met");
  EXPECT_EQ(scope_of("image:met:a:b:c"), "image:met");
  EXPECT_EQ(scope_of("image:met"), "image:met");
  EXPECT_EQ(scope_of("x"), "x");
}

TEST(PartitionSums, WriteOnlyTheChunksThatMoved) {
  PartitionSums sums = counting();
  sums.change_metric(kScope, std::nullopt, 5);
  sums.change_metric(kScope, std::nullopt, 5);
  sums.change_metric(kScope, std::nullopt, 1'000);
  EXPECT_EQ(changed(sums),
            (Changed{{"popularity.image.0:flickr", R"({"views":{"0":0,"5":2}})"},
                     {"popularity.image.3:flickr", R"({"views":{"0":0,"122":1}})"}}));
  sums.commit();
  EXPECT_EQ(changed(sums), Changed{});
  sums.change_metric(kScope, 1'000, 1'001);  // one bucket
  EXPECT_EQ(changed(sums),
            (Changed{{"popularity.image.3:flickr", R"({"views":{"0":0,"122":1}})"}}));
  sums.rollback();
  sums.change_metric(kScope, 5, std::nullopt);
  EXPECT_EQ(changed(sums), (Changed{{"popularity.image.0:flickr", R"({"views":{"0":0,"5":1}})"}}));
  sums.change_metric(kScope, 7, 7);
  EXPECT_EQ(changed(sums).size(), 1);
}

TEST(PartitionSums, ABatchThatIsForgottenLeavesNothing) {
  PartitionSums sums = counting();
  sums.change_metric(kScope, std::nullopt, 5);
  sums.run_finished(kScope, UtcTime::from_millis(7));
  sums.rollback();
  EXPECT_EQ(changed(sums), Changed{});
  EXPECT_EQ(sums.histogram(kScope)->size(), 0);
  EXPECT_FALSE(sums.run(kScope));
}

TEST(PartitionSums, ComeBackFromTheTopic) {
  std::mt19937_64 random{3};
  PartitionSums sums;
  Topic topic;
  sums.begin_count(kScope, "views");
  std::vector<double> values;
  for (int batch = 0; batch < 40; ++batch) {
    for (int i = 0; i < 20; ++i) {
      const double value = std::floor(std::lognormal_distribution<>{5, 3}(random));
      std::optional<double> before;
      if (!values.empty() && random() % 3 == 0) {
        before = values.back();
        values.pop_back();
      }
      sums.change_metric(kScope, before, value);
      values.push_back(value);
    }
    topic.commit(sums);
    if (batch % 7 == 0) {
      sums = topic.restored();
    }
  }
  ValueHistogram expected;
  for (const double value : values) {
    expected.add(bucket_of(value));
  }
  EXPECT_EQ(topic.restored().histogram(kScope)->size(), expected.size());
  for (const double p : {0.01, 0.3, 0.85, 0.999}) {
    EXPECT_EQ(topic.restored().histogram(kScope)->percentile(p), expected.percentile(p));
  }
  EXPECT_EQ(topic.restored().metric(kScope), "views");
}

// A restore may read a value that the disk has already, or several of one key.
TEST(PartitionSums, AValueThatIsRestoredReplacesTheEarlierOne) {
  PartitionSums sums;
  const auto restore = [&](std::string_view value) {
    ASSERT_TRUE(sums.restore("popularity.image.0", "flickr", *parse_totals(value)));
  };
  restore(R"({"views":{"0":2,"9":4}})");
  restore(R"({"views":{"0":2,"9":4}})");
  EXPECT_EQ(sums.histogram(kScope)->size(), 6);
  restore(R"({"views":{"0":1}})");
  EXPECT_EQ(sums.histogram(kScope)->size(), 1);
  EXPECT_FALSE(sums.restore("popularity.image.99", "flickr", Totals{}));
  EXPECT_FALSE(
      sums.restore("popularity.image.0", "flickr", *parse_totals(R"({"views":{"128":1}})")));
  EXPECT_FALSE(sums.restore("process", "flickr", Totals{}));
}

TEST(PartitionSums, AnotherMetricIsCountedFromTheStart) {
  Topic topic;
  PartitionSums sums = counting("views");
  sums.change_metric(kScope, std::nullopt, 3'000);
  topic.commit(sums);
  EXPECT_EQ(sums.metric(kScope), "views");

  sums = topic.restored();
  sums.begin_count(kScope, "downloads");
  sums.count_work(kScope, 4);
  sums.rollback();  // a batch that was abandoned does not lose what was counted
  EXPECT_EQ(changed(sums).size(), 2);
  sums.change_metric(kScope, 4, 5);
  topic.commit(sums);
  EXPECT_EQ(topic.values().at("popularity.image.0:flickr"), R"({"downloads":{"0":0,"5":1}})");
  EXPECT_EQ(topic.values().at("popularity.image.5:flickr"), R"({"downloads":{"0":0}})");
  EXPECT_EQ(topic.restored().metric(kScope), "downloads");
  EXPECT_EQ(topic.restored().histogram(kScope)->size(), 1);

  sums.begin_count(kScope, "");
  topic.commit(sums);
  EXPECT_EQ(topic.restored().metric(kScope), "");
}

// Read before compaction, or into sums that are there: what was counted once is not counted now.
TEST(PartitionSums, WhatIsNoLongerCountedHasNoMetric) {
  PartitionSums sums;
  const auto restore = [&](std::string_view kind, std::string_view value) {
    ASSERT_TRUE(sums.restore(kind, "flickr", *parse_totals(value)));
  };
  restore("popularity.image.0", R"({"views":{"0":2}})");
  restore("popularity.image.5", R"({"views":{"0":0,"7":1}})");
  restore("popularity.image.0", "{}");
  restore("popularity.image.5", "{}");
  EXPECT_EQ(sums.metric(kScope), "") << "so that it is counted anew when it has a metric again";
  EXPECT_EQ(sums.histogram(kScope)->size(), 0);
  restore("popularity.image.0", R"({"views":{"0":1}})");
  EXPECT_EQ(sums.metric(kScope), "views");
  EXPECT_EQ(sums.histogram(kScope)->size(), 1);
}

TEST(Metrics, TakeAbsurdCountsOfOthers) {
  PartitionSums sums;
  const auto restore = [&](std::string_view kind, std::string_view value) {
    ASSERT_TRUE(sums.restore(kind, "flickr", *parse_totals(value)));
  };
  restore("popularity.image.0",
          R"({"a\"b":{"0":-9223372036854775808,"1":9223372036854775807,"2":9223372036854775807}})");
  EXPECT_EQ(sums.histogram(kScope)->size(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(sums.histogram(kScope)->percentile(0.85), 1);
  sums.change_metric(kScope, 0, 1);
  for (const auto& [name, value] : changed(sums)) {
    EXPECT_TRUE(parse_totals(value)) << name << ' ' << value;
  }
  sums.commit();
  restore("popularity.image.0", R"({"a\"b":{"0":3}})");
  EXPECT_EQ(sums.histogram(kScope)->size(), 3);
  restore("run.image",
          R"({"started_ms":9223372036854775807,"known":-1,"missing":-5,"refused_ms":-1})");
  const auto run = sums.run(kScope);
  ASSERT_TRUE(run);
  EXPECT_EQ(format_millis(run->started_at), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(run->known, 0);
  EXPECT_EQ(run->missing, 0);
  EXPECT_EQ(run->refused_at, UtcTime{});
}

TEST(Runs, AreCountedOnceAndTheNewestHolds) {
  Topic topic;
  PartitionSums sums;
  const UtcTime first = UtcTime::from_millis(1'000);
  const UtcTime second = UtcTime::from_millis(2'000);
  EXPECT_TRUE(sums.run_finished("image:met", first));
  EXPECT_FALSE(sums.run_finished("image:met", first));
  EXPECT_TRUE(sums.uncounted_runs().empty());  // only what is committed is counted
  topic.commit(sums);
  EXPECT_FALSE(sums.run_finished("image:met", first));
  EXPECT_EQ(changed(sums), Changed{});
  EXPECT_EQ(sums.uncounted_runs(), (std::map<std::string, UtcTime>{{"image:met", first}}));

  sums = topic.restored();  // a crash before the count: it is still to be done
  ASSERT_EQ(sums.uncounted_runs().size(), 1);
  sums.run_counted("image:met", first, 10, 2);
  topic.commit(sums);
  EXPECT_TRUE(sums.uncounted_runs().empty());
  EXPECT_TRUE(topic.restored().uncounted_runs().empty());
  EXPECT_EQ(topic.values().at("run.image:met"),
            R"({"counted":1,"known":10,"missing":2,"refused_ms":0,"started_ms":1000})");

  EXPECT_TRUE(sums.run_finished("image:met", second));
  EXPECT_FALSE(sums.run_finished("image:met", first));
  sums.run_counted("image:met", first, 10, 9);  // of a scan that the later run overtook
  topic.commit(sums);
  EXPECT_EQ(sums.run("image:met"), (RunCount{second, 0, 0, false, {}}));
}

TEST(Runs, RememberWhenAKnownWorkWasRefused) {
  Topic topic;
  PartitionSums sums;
  sums.known_work_refused("image:met", UtcTime::from_millis(1'500));
  sums.known_work_refused("image:met", UtcTime::from_millis(1'400));
  topic.commit(sums);
  EXPECT_TRUE(sums.uncounted_runs().empty());
  sums = topic.restored();
  sums.run_finished("image:met", UtcTime::from_millis(1'000));
  topic.commit(sums);
  EXPECT_EQ(topic.restored().run("image:met"),
            (RunCount{UtcTime::from_millis(1'000), 0, 0, false, UtcTime::from_millis(1'500)}));
}

}  // namespace
}  // namespace freshet
