#include "producers/run_size.hpp"

#include <gmock/gmock.h>

namespace freshet {
namespace {

using ::testing::HasSubstr;

FullRun full_run(std::int64_t listed, std::int64_t emitted) {
  return {"id", UtcTime{0}, listed, emitted};
}

struct SizeCase {
  const char* name;
  std::int64_t listed;
  std::int64_t emitted;
  std::vector<FullRun> earlier;
  RunEnd end;
  const char* why;  ///< part of the sentence; empty: the run is complete
};
class RunSize : public ::testing::TestWithParam<SizeCase> {};

TEST_P(RunSize, IsMeasuredByEarlierFullRuns) {
  const SizeCase& row = GetParam();
  Totals counts;
  counts.counters = {{"listed", row.listed}, {"emitted", row.emitted}};
  const auto why = too_few(counts, row.earlier, row.end);
  EXPECT_EQ(why.has_value(), *row.why != '\0') << why.value_or("");
  EXPECT_THAT(why.value_or(""), HasSubstr(row.why));
}

const std::vector<FullRun> kNone;
const std::vector<FullRun> kThree{full_run(100, 80), full_run(10'000, 9'000), full_run(110, 90)};
const std::vector<FullRun> kTwo{full_run(100, 80), full_run(120, 100)};  // medians 110, 90

INSTANTIATE_TEST_SUITE_P(
    , RunSize,
    ::testing::Values(
        SizeCase{"NoRecords", 0, 0, kNone, RunEnd::proven, "named no records"},
        SizeCase{"NoRecordsAsEarlier", 0, 0, kThree, RunEnd::believed, "named no records"},
        SizeCase{"TheFirst", 5, 0, kNone, RunEnd::proven, ""},
        SizeCase{"TheFirstWithADoubt", 5, 5, kNone, RunEnd::unproven, "24 h later believes it"},
        SizeCase{"TheFirstWithADoubtThatIsSettled", 5, 5, kNone, RunEnd::believed, ""},
        SizeCase{"HalfOfTheMedian", 55, 45, kThree, RunEnd::proven, ""},
        SizeCase{"LessThanHalfListed", 54, 54, kThree, RunEnd::proven,
                 "54 records, 54 of use; the last 3 full runs had 110 and 90 (medians)"},
        SizeCase{"LessThanHalfOfUse", 110, 44, kThree, RunEnd::proven, "44 of use"},
        SizeCase{"OfTwoTheMiddle", 55, 45, kTwo, RunEnd::proven, ""},
        SizeCase{"LessThanHalfOfTheMiddle", 54, 45, kTwo, RunEnd::proven, "110 and 90"},
        SizeCase{"InDoubtAndSmallerThanTheLast", 109, 90, kThree, RunEnd::unproven,
                 "the last full run had 110"},
        SizeCase{"FoundAgainAndSmallerThanTheLast", 109, 90, kThree, RunEnd::believed,
                 "the last full run had 110"},
        SizeCase{"InDoubtAndAsLargeAsTheLast", 110, 90, kThree, RunEnd::unproven, ""},
        SizeCase{"SmallerThanTheLastWithoutDoubt", 109, 90, kThree, RunEnd::proven, ""}),
    [](const auto& one) { return one.param.name; });

TEST(FullRuns, AreTheLastFive) {
  std::vector<FullRun> runs;
  for (int i = 1; i <= 7; ++i) {
    keep_full_run(runs, full_run(i, i));
  }
  ASSERT_EQ(runs.size(), 5U);
  EXPECT_EQ(runs.front().listed, 3);
  EXPECT_EQ(runs.back().listed, 7);
}

}  // namespace
}  // namespace freshet
