#include "operate/lag.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"
#include "operate/lag_exporter.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

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
  EXPECT_TRUE(group.sum().is_estimate);
  EXPECT_DOUBLE_EQ(group.sum().seconds, 60);
}

TEST(Lag, TheTableMarksEstimatesAndMissingCommits) {
  const std::string text = format_lag_table({two_partitions()});
  EXPECT_THAT(text, HasSubstr("COMMITTED   END  RECORDS BEHIND  SECONDS BEHIND  IN/S  OUT/S"));
  EXPECT_THAT(text, HasSubstr("        0          5     9               3             1.2\n"));
  EXPECT_THAT(text, HasSubstr("        1       none  9000           ~8000            60.0\n"));
  EXPECT_THAT(text, HasSubstr("      all                            ~8003            60.0\n"));
  EXPECT_THAT(format_lag_table({two_partitions()}, LagRows::sums), Not(HasSubstr("none")));
}

TEST(Lag, RatesAreThoseBetweenTwoRounds) {
  const std::chrono::steady_clock::time_point start{};
  LagRounds rounds;
  std::vector<GroupLag> groups{two_partitions()};
  rounds.add(start, groups);
  EXPECT_FALSE(groups[0].sum().rates);
  groups = {two_partitions()};
  groups[0].partitions[0].end = {29};
  groups[0].partitions[0].next = {25};
  groups[0].partitions[1].next = {100};
  rounds.add(start + 10s, groups);
  const auto rates = groups[0].sum().rates;
  ASSERT_TRUE(rates);
  EXPECT_DOUBLE_EQ(rates->in, 2);
  EXPECT_DOUBLE_EQ(rates->out, 12);
  const auto parsed = parse_json(format_lag_json(groups));
  EXPECT_EQ(text_at(*parsed, "/0/trend"), "falling");
  EXPECT_DOUBLE_EQ(value_at(*parsed, "/0/catch_up_seconds").as_double(), 800.3);
  EXPECT_THAT(format_lag_table(groups), HasSubstr("2.0   12.0  falling        13 min\n"));
}

TEST(LagExporter, ShowsEachGroupAndWhatIsUnreadOfEachSource) {
  Metrics metrics;
  LagExporter exporter{metrics};
  std::vector<GroupLag> groups{two_partitions()};
  groups[0].partitions[0].by_source["met"] = {3, ago(60), 60};
  exporter.show(groups, kNow);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("freshet_group_lag_records{group=\"sink.postgres\",topic=\"media."
                              "catalog.v1\"} 8003"));
  EXPECT_THAT(text, HasSubstr("freshet_group_lag_seconds{group=\"sink.postgres\",topic=\"media."
                              "catalog.v1\"} 60"));
  EXPECT_THAT(text, HasSubstr("freshet_group_members{group=\"sink.postgres\"} 0"));
  EXPECT_THAT(text, HasSubstr("freshet_source_lag_records{group=\"sink.postgres\",source=\"met\"} "
                              "3"));
  EXPECT_THAT(text, HasSubstr("freshet_lag_up 1"));
  groups[0].partitions[0].by_source.clear();
  exporter.show(groups, kNow);
  EXPECT_THAT(metrics.text(), HasSubstr("source=\"met\"} 0")) << "read, and not as it was";
  exporter.show_failure();
  EXPECT_THAT(metrics.text(), HasSubstr("freshet_lag_up 0"));
}

TEST(LagExporter, ShowsTheRunsOfSourcesAndWhatTheyUsuallyBring) {
  const auto run = parse_source_run(
      "jamendo", R"({"updated_at":"2026-11-21T00:00:09.000Z","outcome":"failed","emitted":199,)"
                 R"("full_runs":[{"emitted":90},{"emitted":100},{"emitted":110},{"emitted":40}]})");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->usual, 100);
  EXPECT_EQ(run->last_full, 40);
  Metrics metrics;
  LagExporter exporter{metrics};
  exporter.show_sources({*run});
  EXPECT_THAT(metrics.text(),
              HasSubstr("freshet_source_full_run_records{provider=\"jamendo\"} 40"));
  EXPECT_THAT(metrics.text(), HasSubstr("freshet_source_run_failed{provider=\"jamendo\"} 1"));
  const auto first = parse_source_run("met", R"({"updated_at":"2026-11-21T00:00:09.000Z"})");
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->last_full || first->usual || first->has_failed);
  EXPECT_FALSE(parse_source_run("met", "{}"));
  EXPECT_FALSE(parse_source_run("met", "no"));
}

TEST(Lag, AReplayIsNoReading) {
  const std::chrono::steady_clock::time_point start{};
  LagRounds rounds;
  std::vector<GroupLag> groups{two_partitions()};
  rounds.add(start, groups);
  groups[0].partitions[0].next = {0};
  rounds.add(start + 1s, groups);
  EXPECT_DOUBLE_EQ(groups[0].partitions[0].rates->out, 0);
}

TEST(Lag, TrendsAndTheTimeThatIsLeft) {
  EXPECT_EQ(trend_of({100, 101}), Trend::steady);
  EXPECT_EQ(trend_of({0, 0.05}), Trend::steady);
  EXPECT_EQ(trend_of({100, 50}), Trend::rising);
  EXPECT_EQ(trend_of({0, 5}), Trend::falling);
  EXPECT_EQ(seconds_to_catch_up(0, {100, 0}), 0);
  EXPECT_EQ(seconds_to_catch_up(10, {100, 0}), std::nullopt);
  EXPECT_EQ(seconds_to_catch_up(10, {1, 1}), std::nullopt);
  EXPECT_EQ(seconds_to_catch_up(100, {5, 15}), 10);
}

TEST(Lag, TheSourceIsTheProviderThatAKeyNames) {
  EXPECT_EQ(source_of_key("image:met:1:2"), "met");
  EXPECT_EQ(source_of_key("image:met:a|b|takedown"), "met");
  EXPECT_EQ(source_of_key("00ff|audio:jamendo:1"), "jamendo");
  EXPECT_EQ(source_of_key("image:met:1|00ff"), "met");
  EXPECT_EQ(source_of_key("sensitive_terms"), "");
  EXPECT_EQ(source_of_key(""), "");
}

TEST(Lag, OfASourceIsEstimatedLikeThatOfThePartition) {
  PartitionLag lag;
  lag.end = {1'000};
  LagSample sample{100, {100}, ago(9)};
  sample.by_source["met"] = {75, ago(5)};
  sample.by_source["nasa"] = {25, ago(9)};
  apply_sample(lag, sample, kNow);
  EXPECT_EQ(lag.records, 1'000);
  EXPECT_EQ(lag.by_source["met"].records, 750);
  EXPECT_DOUBLE_EQ(lag.by_source["met"].seconds, 5);
  EXPECT_EQ(lag.by_source["nasa"].records, 250);
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
