#include "operate/lag.hpp"

#include <gtest/gtest.h>

#include "core/json.hpp"

namespace freshet {
namespace {

constexpr UtcTime kNow{1'795'220'451'000'000};

struct LagCase {
  const char* name;
  std::int64_t next;
  std::int64_t end;
  LagSample sample;
  std::int64_t records;
  bool is_estimate;
  double seconds;
};
class ApplySample : public ::testing::TestWithParam<LagCase> {};

TEST_P(ApplySample, GivesRecordsAndAge) {
  const LagCase& one = GetParam();
  PartitionLag lag;
  lag.next = {one.next};
  lag.end = {one.end};
  apply_sample(lag, one.sample, kNow);
  EXPECT_EQ(lag.records, one.records);
  EXPECT_EQ(lag.is_estimate, one.is_estimate);
  EXPECT_DOUBLE_EQ(lag.seconds, one.seconds);
}

UtcTime ago(int seconds) { return kNow - std::chrono::seconds{seconds}; }

INSTANTIATE_TEST_SUITE_P(
    , ApplySample,
    ::testing::Values(LagCase{"NothingUnread", 10, 10, {0, {10}, {}}, 0, false, 0},
                      LagCase{"AllRead", 10, 20, {7, {20}, ago(90)}, 7, false, 90},
                      LagCase{"OnlyMarkersAreLeft", 10, 12, {0, {12}, {}}, 0, false, 0},
                      LagCase{
                          "EveryOffsetARecord", 0, 10'000, {500, {500}, ago(5)}, 10'000, true, 5},
                      LagCase{"HalfOfItGaps", 0, 10'000, {500, {1'000}, ago(5)}, 5'000, true, 5},
                      LagCase{"OneMarkerInTen", 0, 10'000, {450, {500}, ago(5)}, 9'000, true, 5},
                      LagCase{"NothingCouldBeRead", 100, 300, {0, {100}, {}}, 200, true, 0},
                      LagCase{"TheBrokersClockIsAhead", 10, 11, {1, {11}, ago(-3)}, 1, false, 0},
                      LagCase{"FractionsOfASecond",
                              10,
                              11,
                              {1, {11}, kNow - std::chrono::milliseconds{250}},
                              1,
                              false,
                              0.25}),
    [](const auto& one) { return one.param.name; });

TEST(Lag, StartsAtTheCommitButNotBeforeWhatIsKept) {
  EXPECT_EQ(next_to_read(std::nullopt, {7}).value, 7);
  EXPECT_EQ(next_to_read(kafka::Offset{3}, {7}).value, 7);
  EXPECT_EQ(next_to_read(kafka::Offset{9}, {7}).value, 9);
}

GroupLag two_partitions() {
  GroupLag group{"sink.postgres", "Empty", 0, {}};
  PartitionLag known;
  known.at = {"media.catalog.v1", kafka::Partition{0}};
  known.committed = kafka::Offset{5};
  known.next = {5};
  known.end = {9};
  known.records = 3;
  known.seconds = 1.25;
  PartitionLag unknown;
  unknown.at = {"media.catalog.v1", kafka::Partition{1}};
  unknown.end = {9'000};
  unknown.records = 8'000;
  unknown.is_estimate = true;
  unknown.seconds = 60;
  group.partitions = {known, unknown};
  return group;
}

TEST(Lag, AGroupIsAsFarBehindAsItsPartitionsTogetherAndAsOldAsTheOldest) {
  const GroupLag group = two_partitions();
  EXPECT_EQ(group.records(), 8'003);
  EXPECT_TRUE(group.is_estimate());
  EXPECT_DOUBLE_EQ(group.seconds(), 60);
}

TEST(Lag, TheTableMarksEstimatesAndMissingCommits) {
  EXPECT_EQ(format_lag_table({two_partitions()}),
            "GROUP          STATE  TOPIC             PARTITION  COMMITTED   END  RECORDS BEHIND  "
            "SECONDS BEHIND\n"
            "sink.postgres  Empty  media.catalog.v1          0          5     9               3  "
            "           1.2\n"
            "sink.postgres  Empty  media.catalog.v1          1       none  9000           ~8000  "
            "          60.0\n"
            "sink.postgres  Empty                          all                            ~8003  "
            "          60.0\n");
}

TEST(Lag, TheJsonHasGroupsAndPartitions) {
  const auto parsed = parse_json(format_lag_json({two_partitions()}));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(value_at(*parsed, "/0/lag_records").as_int64(), 8'003);
  EXPECT_TRUE(value_at(*parsed, "/0/estimated").as_bool());
  EXPECT_EQ(value_at(*parsed, "/0/partitions/0/committed").as_int64(), 5);
  EXPECT_FALSE(value_at(*parsed, "/0/partitions/0/estimated").as_bool());
  EXPECT_TRUE(value_at(*parsed, "/0/partitions/1/committed").is_null());
  EXPECT_DOUBLE_EQ(value_at(*parsed, "/0/partitions/0/lag_seconds").as_double(), 1.25);
}

}  // namespace
}  // namespace freshet
