#include "core/time.hpp"

#include <gtest/gtest.h>

#include <limits>

#include <string>

#include "tests/support/fake_clock.hpp"

namespace freshet {
namespace {

struct ReadCase {
  const char* text;
  std::optional<std::int64_t> micros;
};

class ParseTime : public testing::TestWithParam<ReadCase> {};

TEST_P(ParseTime, ReadsOrRefuses) {
  const auto read = parse_time(GetParam().text);
  ASSERT_EQ(read.has_value(), GetParam().micros.has_value()) << GetParam().text;
  if (read) {
    EXPECT_EQ(read->micros, *GetParam().micros) << GetParam().text;
  }
}

constexpr std::int64_t kSecond = 1'000'000;
constexpr auto kNo = std::nullopt;

INSTANTIATE_TEST_SUITE_P(
    Forms, ParseTime,
    testing::Values(
        ReadCase{"1970-01-01T00:00:00Z", 0}, ReadCase{"1970-01-01 00:00:00Z", 0},
        ReadCase{"2026-11-21T00:19:33.000001Z", 1'795'220'373 * kSecond + 1},
        ReadCase{"1970-01-01T00:00:00.5Z", 500'000}, ReadCase{"1970-01-01T00:00:00.000000Z", 0},
        ReadCase{"1970-01-01T00:00:00.123456789Z", 123'456},
        ReadCase{"1970-01-01T00:00:00.999999999Z", 999'999},
        ReadCase{"1969-12-31T23:59:59.999999Z", -1}, ReadCase{"1970-01-01T01:00:00+01:00", 0},
        ReadCase{"1969-12-31T19:30:00-04:30", 0}, ReadCase{"1970-01-01T00:00:00-00:00", 0},
        ReadCase{"1970-01-01T23:59:00+23:59", 0}));

INSTANTIATE_TEST_SUITE_P(
    Calendar, ParseTime,
    testing::Values(ReadCase{"2000-02-29T00:00:00Z", 951'782'400 * kSecond},
                    ReadCase{"2024-02-29T00:00:00Z", 1'709'164'800 * kSecond},
                    ReadCase{"2023-02-29T00:00:00Z", kNo}, ReadCase{"1900-02-29T00:00:00Z", kNo},
                    ReadCase{"2026-04-31T00:00:00Z", kNo}, ReadCase{"2026-13-01T00:00:00Z", kNo},
                    ReadCase{"2026-00-01T00:00:00Z", kNo}, ReadCase{"2026-01-00T00:00:00Z", kNo},
                    ReadCase{"2026-01-32T00:00:00Z", kNo}));

INSTANTIATE_TEST_SUITE_P(
    Range, ParseTime,
    testing::Values(ReadCase{"0001-01-01T00:00:00Z", -62'135'596'800 * kSecond},
                    ReadCase{"9999-12-31T23:59:59.999999Z", 253'402'300'799 * kSecond + 999'999},
                    ReadCase{"0000-12-31T00:00:00Z", kNo},
                    ReadCase{"0001-01-01T00:00:00+00:01", kNo},
                    ReadCase{"9999-12-31T23:59:00-00:01", kNo},
                    ReadCase{"0001-01-01T00:01:00+00:01", -62'135'596'800 * kSecond},
                    ReadCase{"10000-01-01T00:00:00Z", kNo}));

INSTANTIATE_TEST_SUITE_P(
    Faults, ParseTime,
    testing::Values(ReadCase{"", kNo}, ReadCase{"2026-11-21", kNo},
                    ReadCase{"2026-11-21T00:19:33", kNo}, ReadCase{"2026-11-21T00:19Z", kNo},
                    ReadCase{"2026-11-21t00:19:33Z", kNo}, ReadCase{"2026-11-21T00:19:33z", kNo},
                    ReadCase{"2026-11-21T24:00:00Z", kNo}, ReadCase{"2026-11-21T00:60:00Z", kNo},
                    ReadCase{"2026-11-21T23:59:60Z", kNo}, ReadCase{"2026-11-21T00:19:33.Z", kNo},
                    ReadCase{"2026-11-21T00:19:33.1234567890Z", kNo},
                    ReadCase{"2026-11-21T00:19:33+24:00", kNo},
                    ReadCase{"2026-11-21T00:19:33+01:60", kNo},
                    ReadCase{"2026-11-21T00:19:33+0100", kNo},
                    ReadCase{"2026-11-21T00:19:33Z ", kNo}, ReadCase{" 2026-11-21T00:19:33Z", kNo},
                    ReadCase{"2026-11-21T00:19:33ZZ", kNo}, ReadCase{"2026/11/21T00:19:33Z", kNo},
                    ReadCase{"-026-11-21T00:19:33Z", kNo}, ReadCase{"2026-1-21T00:19:33Z", kNo}));

TEST(FormatTime, WritesSixOrThreeDigitsAndRoundsDown) {
  const UtcTime time{1'795'220'373'000'999};
  EXPECT_EQ(format_micros(time), "2026-11-21T00:19:33.000999Z");
  EXPECT_EQ(format_millis(time), "2026-11-21T00:19:33.000Z");
  EXPECT_EQ(format_date(time), "2026-11-21");
  EXPECT_EQ(time.millis(), 1'795'220'373'000);
}

TEST(FormatTime, RoundsDownBefore1970Too) {
  const UtcTime time{-1};
  EXPECT_EQ(format_micros(time), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_millis(time), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_date(time), "1969-12-31");
  EXPECT_EQ(time.millis(), -1);
  EXPECT_EQ(UtcTime{-1000}.millis(), -1);
  EXPECT_EQ(UtcTime{-1001}.millis(), -2);
}

TEST(FormatTime, ReadsBackWhatItWroteOnEveryDayOfFourCenturies) {
  const auto first = parse_date("1700-01-01");
  const auto last = parse_date("2101-01-01");
  ASSERT_TRUE(first && last);
  const std::chrono::microseconds step = std::chrono::hours{24} + std::chrono::microseconds{997};
  for (UtcTime time = *first; time < *last; time = time + step) {
    ASSERT_EQ(parse_time(format_micros(time)), time) << format_micros(time);
    ASSERT_EQ(parse_date(format_date(time))->micros / 86'400'000'000,
              (time.micros - (time.micros < 0 ? 86'399'999'999 : 0)) / 86'400'000'000);
  }
}

TEST(FormatTime, HoldsTheEndsOfTheRange) {
  for (const char* text : {"0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_micros(*time), text);
  }
}

TEST(FromMillis, EndsWhereTextsEnd) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t millis : {kMost, std::int64_t{319'500'000'000'000'000}}) {
    EXPECT_EQ(format_millis(UtcTime::from_millis(millis)), "9999-12-31T23:59:59.999Z");
  }
  EXPECT_EQ(format_millis(UtcTime::from_millis(-kMost - 1)), "0001-01-01T00:00:00.000Z");
  for (const char* text : {"0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"}) {
    EXPECT_EQ(UtcTime::from_millis(parse_time(text)->millis()), *parse_time(text));
  }
}

TEST(ParseDate, ReadsADayAndNothingElse) {
  EXPECT_EQ(parse_date("1970-01-02"), UtcTime{86'400'000'000});
  EXPECT_EQ(parse_date("2024-02-29"), UtcTime{1'709'164'800 * kSecond});
  for (const char* text :
       {"2023-02-29", "2023-2-09", "2023-02-09T", "", "20230209", "0000-01-01"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

TEST(FakeClock, StandsStillUntilTold) {
  FakeClock clock;
  EXPECT_EQ(format_millis(clock.now()), "2026-11-21T00:00:00.000Z");
  clock.advance(std::chrono::milliseconds{1500});
  EXPECT_EQ(clock.now() - FakeClock::kStart, std::chrono::microseconds{1'500'000});
}

}  // namespace
}  // namespace freshet
