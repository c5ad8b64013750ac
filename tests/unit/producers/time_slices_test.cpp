#include "producers/time_slices.hpp"

#include <gtest/gtest.h>

#include <map>

namespace freshet {
namespace {

constexpr SliceLimits kLimits{
    .max_records = 100, .division_threshold = 1'000, .min_divisions = 4, .max_divisions = 12};

freshet::Run run_of(const char* date) {
  freshet::Run run;
  run.date = date;
  return run;
}

/// Counts by first instant and length; remembers how often it was asked.
struct Counts {
  std::int64_t day = 0;
  std::map<int, std::int64_t> hours{};
  int asked = 0;

  Result<std::int64_t> operator()(const TimeSlice& slice) {
    ++asked;
    if (slice.to - slice.from == std::chrono::hours{24}) {
      return day;
    }
    return hours[static_cast<int>(slice.from.millis() / 3'600'000 % 24)];
  }
};

std::vector<std::string> spans(const std::vector<TimeSlice>& slices) {
  std::vector<std::string> result;
  for (const TimeSlice& slice : slices) {
    result.push_back(format_seconds(slice.from).substr(11, 8) + "-" +
                     format_seconds(slice.to).substr(11, 8));
  }
  return result;
}

TEST(TimeSlices, AQuietDayIsOneSliceAndOneRequest) {
  Counts counts{.day = 99};
  const auto slices = slices_of(run_of("2026-11-20"), kLimits, std::ref(counts));
  ASSERT_TRUE(slices);
  ASSERT_EQ(slices->size(), 1U);
  EXPECT_EQ(format_seconds(slices->front().from), "2026-11-20T00:00:00Z");
  EXPECT_EQ(format_seconds(slices->front().to), "2026-11-21T00:00:00Z");
  EXPECT_EQ(slices->front().count, 99);
  EXPECT_EQ(counts.asked, 1);
}

TEST(TimeSlices, ADayWithoutRecordsHasNone) {
  Counts counts;
  EXPECT_TRUE(slices_of(run_of("2026-11-20"), kLimits, std::ref(counts))->empty());
  EXPECT_EQ(counts.asked, 1);
}

TEST(TimeSlices, HoursOfABusyDayAreCutByTheirCounts) {
  Counts counts{.day = 100, .hours = {{1, 99}, {2, 100}, {23, 1'000}}};
  const auto slices = slices_of(run_of("2026-11-20"), kLimits, std::ref(counts));
  ASSERT_TRUE(slices);
  const auto found = spans(*slices);
  ASSERT_EQ(found.size(), 1U + 4U + 12U);
  EXPECT_EQ(found[0], "01:00:00-02:00:00");
  EXPECT_EQ(found[1], "02:00:00-02:15:00");
  EXPECT_EQ(found[4], "02:45:00-03:00:00");
  EXPECT_EQ(found[5], "23:00:00-23:05:00");
  EXPECT_EQ(found[16], "23:55:00-00:00:00") << "of the next day";
  EXPECT_EQ(slices->front().count, 99);
  EXPECT_FALSE(slices->back().count) << "nobody asked";
  EXPECT_EQ(counts.asked, 25);
}

TEST(TimeSlices, TheSliceOfARunIsTakenUndivided) {
  freshet::Run run = run_of("2026-11-20");
  run.slice = {*parse_time("2026-11-20T01:00:00Z"), *parse_time("2026-11-20T01:30:00Z")};
  Counts counts{.day = 5'000};
  const auto slices = slices_of(run, kLimits, std::ref(counts));
  ASSERT_TRUE(slices);
  EXPECT_EQ(spans(*slices), std::vector<std::string>{"01:00:00-01:30:00"});
  EXPECT_EQ(counts.asked, 0);
}

TEST(TimeSlices, ADayThatCannotBeCountedIsAnError) {
  const auto slices =
      slices_of(run_of("2026-11-20"), kLimits, [](const TimeSlice&) -> Result<std::int64_t> {
        return Error{Errc::unreachable, Retry::after_backoff, "away"};
      });
  ASSERT_FALSE(slices);
  EXPECT_EQ(slices.error().errc(), Errc::unreachable);
}

}  // namespace
}  // namespace freshet
