#include "processors/state/hot_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace freshet {
namespace {

HotEntry entry(std::mt19937_64& random) {
  return {random(), UtcTime{static_cast<std::int64_t>(random() >> 12U)},
          static_cast<std::uint16_t>(random() & 4095U)};
}

// Hashes from few values, spread or in clumps, so that clusters, ends of segments and repeats
// occur.
TEST(HotTable, IsAMap) {
  for (const unsigned shift : {0U, 6U, 40U, 58U}) {
    std::mt19937_64 random{shift};
    HotTable table;
    std::map<std::uint64_t, HotEntry> model;
    for (int i = 0; i < 60'000; ++i) {
      const std::uint64_t hash =
          shift == 0 ? random() : ~std::uint64_t{0} - ((random() % 5'000) << (58U - shift));
      if (random() % 4 == 0) {
        table.erase(hash);
        model.erase(hash);
      } else {
        const HotEntry value = entry(random);
        table.set(hash, value);
        model.insert_or_assign(hash, value);
      }
      const auto found = table.find(hash);
      const auto expected = model.find(hash);
      ASSERT_EQ(found.has_value(), expected != model.end());
      ASSERT_TRUE(!found || *found == expected->second);
    }
    ASSERT_EQ(table.size(), model.size());
    auto expected = model.begin();
    table.each([&](std::uint64_t hash, const HotEntry& value) {
      ASSERT_EQ(hash, expected->first);
      ASSERT_TRUE(value == expected->second);
      ++expected;
    });
    ASSERT_EQ(expected, model.end());
    for (const auto& [hash, value] : model) {
      ASSERT_EQ(table.find(hash), value);
    }
  }
}

TEST(HotTable, TakesTheHashThatMeansEmpty) {
  HotTable table;
  table.set(0, {7, UtcTime{8}, 9});
  EXPECT_EQ(table.find(0), (HotEntry{7, UtcTime{8}, 9}));
  table.erase(0);
  EXPECT_EQ(table.find(0), std::nullopt);
}

TEST(HotTable, HoldsItsBoundOfMemory) {
  HotTable table;
  std::mt19937_64 random{1};
  double sum = 0;
  double most = 0;
  int samples = 0;
  for (std::size_t works = 1; works <= 2'000'000; ++works) {
    table.set(random(), {random(), UtcTime{5}, 0});
    if (works >= 100'000 && works % 10'000 == 0) {
      const double per_work = static_cast<double>(table.bytes()) / static_cast<double>(works);
      sum += per_work;
      most = std::max(most, per_work);
      ++samples;
    }
  }
  EXPECT_LE(sum / samples, 40.0);
  // One segment of 64 is twice there while it grows.
  EXPECT_LE(most + most / 64 * 2, 48.0);
}

TEST(HotTable, LeavesOutWhatIsPastItsLimit) {
  HotTable table;
  constexpr std::size_t kLimit = 400'000;
  table.limit(kLimit);
  std::mt19937_64 random{2};
  std::vector<std::uint64_t> kept;
  std::vector<std::uint64_t> left_out;
  for (int i = 0; i < 40'000; ++i) {
    const std::uint64_t hash = random();
    (table.set(hash, {hash, UtcTime{1}, 0}) ? kept : left_out).push_back(hash);
    ASSERT_EQ(table.is_complete(), left_out.empty());
    ASSERT_LE(table.bytes(), kLimit + sizeof table);
  }
  EXPECT_GT(kept.size(), kLimit / 40);
  EXPECT_EQ(table.size(), kept.size());
  for (const std::uint64_t hash : kept) {
    ASSERT_TRUE(table.set(hash, {hash, UtcTime{2}, 0}));  // what is there may change
    ASSERT_EQ(table.find(hash)->newest, UtcTime{2});
  }
  for (const std::uint64_t hash : left_out) {
    ASSERT_FALSE(table.find(hash));
  }
  table.erase(kept.front());
  EXPECT_FALSE(table.is_complete());  // room is no knowledge of the others
  table.clear();
  EXPECT_TRUE(table.is_complete());
  EXPECT_TRUE(table.set(left_out.front(), {}));
}

TEST(HotTable, WithRoomMadeBeforeHoldsTheSame) {
  for (const std::size_t works : {0UL, 1UL, 700UL, 200'000UL}) {
    std::mt19937_64 random{3};
    HotTable grown;
    HotTable reserved;
    reserved.reserve(works);
    const std::size_t before = reserved.bytes();
    for (std::size_t i = 0; i < works; ++i) {
      const std::uint64_t hash = random();
      grown.set(hash, {hash, UtcTime{1}, 0});
      ASSERT_TRUE(reserved.set(hash, {hash, UtcTime{1}, 0}));
    }
    EXPECT_EQ(reserved.size(), grown.size());
    grown.each(
        [&](std::uint64_t hash, const HotEntry& value) { ASSERT_EQ(reserved.find(hash), value); });
    if (works == 200'000) {
      EXPECT_EQ(reserved.bytes(), before) << "a segment had to grow";
      EXPECT_LE(before, 35 * works);
    }
  }
}

TEST(HotTable, MakesNoRoomPastItsLimit) {
  HotTable table;
  constexpr std::size_t kLimit = 500'000;
  table.limit(kLimit);
  table.reserve(kLimit / 24);
  EXPECT_EQ(table.bytes(), sizeof table);
  EXPECT_TRUE(table.is_complete());
  table.reserve(kLimit / 60);
  EXPECT_GT(table.bytes(), kLimit / 2);
  EXPECT_LE(table.bytes(), kLimit + sizeof table);
}

TEST(HotTable, CountsDaysAcrossTheirEnd) {
  const UtcTime day0{0};
  const auto days = [](std::int64_t n) { return UtcTime{n * 86'400'000'000}; };
  EXPECT_EQ(days_since(day_of(day0), days(20)), 20);
  EXPECT_EQ(days_since(day_of(days(4090)), days(4110)), 20);
  EXPECT_EQ(days_since(day_of(days(20'000)), days(20'000)), 0);
  EXPECT_EQ(days_since(long_before(days(20'000)), days(20'000)), 2048);
}

}  // namespace
}  // namespace freshet
