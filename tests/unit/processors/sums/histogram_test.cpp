#include "processors/sums/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "processors/sums/popularity.hpp"

namespace freshet {
namespace {

// What PostgreSQL's percentile_disc gives: the value at the row ceil(p · rows), rows from 1.
double exact_percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  const auto row = static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(row, 1) - 1];
}

ValueHistogram histogram_of(const std::vector<double>& values) {
  ValueHistogram histogram;
  for (const double value : values) {
    histogram.add(bucket_of(value));
  }
  return histogram;
}

TEST(Buckets, AreExactBelow256) {
  for (int value = 0; value < 256; ++value) {
    EXPECT_EQ(value_of(bucket_of(value)), value);
  }
}

TEST(Buckets, GrowWithTheirValuesAndAreNarrow) {
  BucketIndex last = 0;
  for (double value = 1; value < 4e18; value = std::floor(value * 1.0007 + 1)) {
    const BucketIndex bucket = bucket_of(value);
    EXPECT_GE(bucket, last) << value;
    last = bucket;
    EXPECT_LE(std::abs(value_of(bucket) - value), value * 0.005) << value;
    EXPECT_EQ(bucket_of(value_of(bucket)), bucket) << value;
  }
}

TEST(Buckets, TakeWhatIsBeyondTheirRangeAsItsEnd) {
  EXPECT_EQ(bucket_of(1e300), bucket_of(std::ldexp(1.0, 62)));
  EXPECT_EQ(bucket_of(0.4), bucket_of(0));
  EXPECT_EQ(bucket_of(2.6), bucket_of(3));
}

struct DataRow {
  const char* name;
  std::function<double(std::mt19937_64&)> draw;
};

double whole(double value) { return std::floor(value); }

const std::vector<DataRow> kData{
    {"Uniform",
     [](auto& random) { return whole(std::uniform_real_distribution<>{0, 1e6}(random)); }},
    {"Small", [](auto& random) { return whole(std::uniform_real_distribution<>{0, 12}(random)); }},
    {"Skewed", [](auto& random) { return whole(std::lognormal_distribution<>{6, 3}(random)); }},
    {"HugeTail", [](auto& random) { return whole(std::cauchy_distribution<>{0, 1e5}(random)); }},
    {"MostlyZero",
     [](auto& random) {
       return std::uniform_int_distribution<>{0, 9}(random) < 8
                  ? 0.0
                  : whole(std::lognormal_distribution<>{9, 2}(random));
     }},
};

TEST(Histogram, IsWithinOnePercentOfTheExactPercentile) {
  std::mt19937_64 random{7};
  for (const DataRow& row : kData) {
    for (const std::size_t size : {1UL, 2UL, 3UL, 17UL, 1'000UL, 40'000UL}) {
      std::vector<double> values(size);
      std::generate(values.begin(), values.end(), [&] { return std::abs(row.draw(random)); });
      const ValueHistogram histogram = histogram_of(values);
      EXPECT_EQ(histogram.size(), static_cast<std::int64_t>(size));
      for (const double p : {0.0, 0.05, 0.5, 0.85, 0.99, 1.0}) {
        const double exact = exact_percentile(values, p);
        const auto found = histogram.percentile(p);
        ASSERT_TRUE(found);
        EXPECT_LE(std::abs(*found - exact), exact * 0.01) << row.name << " " << size << " " << p;
      }
    }
  }
}

TEST(Histogram, IsEmptyOnceAllIsTakenOut) {
  std::mt19937_64 random{11};
  std::vector<double> values(5'000);
  std::generate(values.begin(), values.end(), [&] { return std::abs(kData[2].draw(random)); });
  ValueHistogram histogram = histogram_of(values);
  std::shuffle(values.begin(), values.end(), random);
  for (const double value : values) {
    histogram.add(bucket_of(value), -1);
  }
  EXPECT_EQ(histogram.size(), 0);
  EXPECT_FALSE(histogram.percentile(0.85));
  for (const auto& [number, counts] : histogram.chunks()) {
    EXPECT_TRUE(std::ranges::all_of(counts, [](std::int64_t count) { return count == 0; }));
  }
}

TEST(Histogram, OfPartsAddsUpToThatOfTheWhole) {
  std::mt19937_64 random{13};
  std::vector<double> values(10'000);
  std::generate(values.begin(), values.end(), [&] { return std::abs(kData[2].draw(random)); });
  ValueHistogram sum;
  for (std::size_t part = 0; part < 8; ++part) {
    ValueHistogram of_part;
    for (std::size_t i = part; i < values.size(); i += 8) {
      of_part.add(bucket_of(values[i]));
    }
    sum.add(of_part);
  }
  EXPECT_EQ(sum.chunks(), histogram_of(values).chunks());
}

TEST(Histogram, OutlivesASumThatWasLost) {
  ValueHistogram histogram = histogram_of({5, 5, 9});
  histogram.add(bucket_of(700), -1);
  EXPECT_EQ(histogram.size(), 3);
  EXPECT_EQ(histogram.percentile(1), 9);
}

// The worked checks that the original's tests make: constants and scores of a handful of works.
TEST(Popularity, HalfOfFourWorks) {
  const double value = *histogram_of({0, 50, 75, 150}).percentile(0.5);
  EXPECT_EQ(value, 50);
  const double constant = popularity_constant(0.5, value);
  EXPECT_EQ(constant, 50);
  EXPECT_EQ(standardized_popularity(0, constant), 0);
  EXPECT_EQ(standardized_popularity(50, constant), 0.5);
  EXPECT_EQ(standardized_popularity(75, constant), 0.6);
  EXPECT_EQ(standardized_popularity(150, constant), 0.75);
}

TEST(Popularity, ConstantAtFourFifths) {
  EXPECT_NEAR(popularity_constant(0.8, 50), 12.5, 1e-12);
  EXPECT_NEAR(popularity_constant(0.85, 17), 3, 1e-12);
}

TEST(Popularity, AValueOfZeroCountsAsOne) {
  const double value = *histogram_of({0, 0, 0, 0, 0, 0, 0, 0, 3, 1000}).percentile(0.8);
  EXPECT_EQ(value, 0);
  EXPECT_NEAR(popularity_constant(0.8, value), 0.25, 1e-12);
}

TEST(Popularity, AWorkAtThePercentileScoresIt) {
  for (const double value : {1.0, 13.0, 99'999.0}) {
    EXPECT_NEAR(standardized_popularity(value, popularity_constant(0.85, value)), 0.85, 1e-6);
  }
}

struct MetricRow {
  const char* json;
  std::optional<double> value;
};

TEST(Metric, IsANumberOrATextThatIsOne) {
  const std::vector<MetricRow> rows{
      {"12", 12},           {R"("12")", 12},     {R"("0")", 0},
      {R"("1.5")", 1.5},    {R"("1e3")", 1'000}, {R"("+7")", 7},
      {R"("-0")", 0},       {R"("-1")", {}},     {R"("")", {}},
      {R"("many")", {}},    {R"("12 ")", {}},    {R"("1,200")", {}},
      {R"("nan")", {}},     {R"("inf")", {}},    {R"("1e999")", {}},
      {R"("0x10")", {}},    {"null", {}},        {"true", {}},
      {R"({"a":"1"})", {}}, {R"(["1"])", {}},    {"", {}},
  };
  for (const MetricRow& row : rows) {
    EXPECT_EQ(metric_value(row.json), row.value) << row.json;
  }
}

TEST(Metric, IsAMemberOfTheWorksMetaData) {
  const auto views = [](std::string_view work) { return metric_of_work(work, "views"); };
  EXPECT_EQ(views(R"({"title":"\"views\":3","meta_data":{"a":"{\"views\":4}","views":"5"}})"), 5);
  EXPECT_EQ(views(R"({"views":"5","meta_data":{"other":"5"}})"), std::nullopt);
  EXPECT_EQ(views(R"({"title":"t"})"), std::nullopt);
  EXPECT_EQ(views(""), std::nullopt);
}

}  // namespace
}  // namespace freshet
