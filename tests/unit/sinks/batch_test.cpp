#include "sinks/batch.hpp"

#include <gmock/gmock.h>

#include "sinks/breaker.hpp"
#include "sinks/progress.hpp"

namespace freshet {
namespace {

using kafka::Offset;
using kafka::Partition;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Incoming incoming(std::string_view key, std::int32_t partition, std::int64_t offset,
                  std::int64_t at_millis = 0) {
  Incoming one;
  one.record = {key, "value", "", Partition{partition}, Offset{offset}};
  one.timestamp = UtcTime::from_millis(at_millis);
  return one;
}

TEST(Batch, KeepsTheNewestOfEachKeyInOrderOfKeys) {
  Batch batch;
  batch.add(incoming("b", 0, 3), Offset{0});
  batch.add(incoming("a", 1, 9), Offset{5});
  batch.add(incoming("b", 0, 4), Offset{4});
  batch.add(incoming("b", 0, 7), Offset{5});
  std::vector<std::pair<std::string, std::int64_t>> kept;
  for (const SinkRecord& record : batch.kept(Keep::newest_of_each_key)) {
    kept.emplace_back(record.key, record.offset.value);
  }
  EXPECT_THAT(kept, ElementsAre(Pair("a", 9), Pair("b", 7)));
}

TEST(Batch, KeepsAllEventsAsTheyCame) {
  Batch batch;
  batch.add(incoming("b", 0, 3), Offset{0});
  batch.add(incoming("a", 1, 9), Offset{5});
  batch.add(incoming("b", 0, 4), Offset{4});
  std::vector<std::pair<std::string, std::int64_t>> kept;
  for (const SinkRecord& record : batch.kept(Keep::all)) {
    kept.emplace_back(record.key, record.offset.value);
  }
  EXPECT_THAT(kept, ElementsAre(Pair("b", 3), Pair("a", 9), Pair("b", 4)));
}

TEST(Batch, KnowsWhatItMovesInEachPartition) {
  Batch batch;
  batch.add(incoming("b", 0, 3), Offset{1});  // 1 and 2 were compacted away
  batch.add(incoming("a", 1, 9), Offset{9});
  batch.add(incoming("c", 0, 6), Offset{4});
  EXPECT_THAT(batch.progress(),
              ElementsAre(PartitionProgress{Partition{0}, Offset{1}, Offset{7}},
                          PartitionProgress{Partition{1}, Offset{9}, Offset{10}}));
}

TEST(Batch, IsFullByRecordsOrBytes) {
  Batch batch;
  batch.add(incoming("key", 0, 0, 30), Offset{0});
  batch.add(incoming("key", 0, 1, 20), Offset{1});
  const UtcTime now = UtcTime::from_millis(1'000);
  EXPECT_EQ(batch.room({2, 1'000}, now), 0);
  EXPECT_EQ(batch.room({3, 17}, now), 1);
  EXPECT_EQ(batch.room({3, 16}, now), 0);
  EXPECT_EQ(batch.oldest().millis(), 20);
}

TEST(BatchLimits, GrowWithABacklogAlone) {
  using namespace std::chrono_literals;
  const BatchLimits limits{.records = 1'000, .fresh_records = 100};
  EXPECT_EQ(limits.records_at(-5s), 100) << "by a clock that is behind the broker's";
  EXPECT_EQ(limits.records_at(999ms), 100);
  EXPECT_EQ(limits.records_at(1s), 200);
  EXPECT_EQ(limits.records_at(2s), 400);
  EXPECT_EQ(limits.records_at(7s), 800);
  EXPECT_EQ(limits.records_at(8s), 1'000);
  EXPECT_EQ(limits.records_at(24h), 1'000);
  EXPECT_EQ(BatchLimits{.records = 1'000}.records_at(0ms), 1'000);
}

TEST(BatchLimits, AreThoseOfTheOldestRecord) {
  const BatchLimits limits{.records = 8, .fresh_records = 2};
  const UtcTime now = UtcTime::from_millis(60'000);
  Batch batch;
  EXPECT_EQ(batch.room(limits, now), 2) << "it is not known how old the first one will be";
  batch.add(incoming("a", 0, 0, 59'900), Offset{0});
  EXPECT_EQ(batch.room(limits, now), 1);
  batch.add(incoming("b", 0, 1, 59'950), Offset{1});
  EXPECT_EQ(batch.room(limits, now), 0);
  EXPECT_EQ(batch.room(limits, UtcTime::from_millis(60'900)), 2) << "it has to wait: there is more";
  batch.add(incoming("c", 0, 2, 1), Offset{2});
  EXPECT_EQ(batch.room(limits, now), 5);
}

TEST(Progress, FollowsTheLowestUnfinishedBatch) {
  ProgressTracker tracker;
  const auto batch = [&](std::int64_t from, std::int64_t next) {
    const PartitionProgress one{Partition{0}, Offset{from}, Offset{next}};
    return tracker.begin({&one, 1});
  };
  const auto first = batch(0, 10);
  const auto second = batch(10, 20);
  const auto third = batch(20, 30);
  tracker.finish(second);
  EXPECT_THAT(tracker.take_done(), IsEmpty());
  tracker.finish(first);
  EXPECT_THAT(tracker.take_done(), ElementsAre(Pair(Partition{0}, Offset{20})));
  EXPECT_FALSE(tracker.is_idle());
  tracker.finish(third);
  EXPECT_THAT(tracker.take_done(), ElementsAre(Pair(Partition{0}, Offset{30})));
  EXPECT_THAT(tracker.take_done(), IsEmpty());
  EXPECT_TRUE(tracker.is_idle());
}

TEST(Progress, ForgetsBatchesOfAnAssignmentThatIsOver) {
  ProgressTracker tracker;
  const PartitionProgress one{Partition{0}, Offset{0}, Offset{10}};
  const auto old = tracker.begin({&one, 1});
  tracker.clear();
  const PartitionProgress other{Partition{0}, Offset{0}, Offset{5}};
  const auto fresh = tracker.begin({&other, 1});
  tracker.finish(old);
  EXPECT_THAT(tracker.take_done(), IsEmpty());
  tracker.finish(fresh);
  EXPECT_THAT(tracker.take_done(), ElementsAre(Pair(Partition{0}, Offset{5})));
}

TEST(Breaker, StopsWhenMostOfABatchIsRefused) {
  EXPECT_FALSE(RefusalBreaker{}.judge(1'000, 19));
  EXPECT_FALSE(RefusalBreaker{}.judge(40, 20));
  EXPECT_TRUE(RefusalBreaker{}.judge(39, 20));
  EXPECT_FALSE(RefusalBreaker{}.judge(19, 19)) << "few enough to be put aside";
  EXPECT_EQ(RefusalBreaker{}.judge(39, 20)->retry(), Retry::never);
}

TEST(Breaker, StopsWhenNothingIsAcceptedForLong) {
  RefusalBreaker breaker;
  for (int i = 0; i < 99; ++i) {
    EXPECT_FALSE(breaker.judge(1, 1));
  }
  EXPECT_TRUE(breaker.judge(1, 1));
}

TEST(Breaker, OneAcceptedRecordStartsAnew) {
  RefusalBreaker breaker;
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_FALSE(breaker.judge(1, i % 2 == 0 ? 1 : 0));
  }
}

}  // namespace
}  // namespace freshet
