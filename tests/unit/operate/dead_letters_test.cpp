#include "operate/dead_letters.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"

namespace freshet {
namespace {

DeadLetterLine line(std::int32_t partition, std::int64_t offset, std::int64_t millis) {
  DeadLetterLine one;
  one.partition = partition;
  one.offset = offset;
  one.appended_at = UtcTime::from_millis(millis);
  one.time = "2026-11-21T00:20:51.256Z";
  one.step = "process.catalogue";
  one.reason = "invalid_value";
  one.message = "width is -4";
  one.topic = "media.raw.v1";
  one.origin_partition = "5";
  one.origin_offset = "42";
  one.key = "image:met:1";
  one.size_bytes = 17;
  return one;
}

TEST(DeadLetters, TheNewestComeFirstAndTheOldestAreLeftOut) {
  const auto lines =
      newest_first({line(0, 1, 100), line(1, 7, 300), line(0, 2, 200), line(0, 3, 300)}, 3);
  std::vector<std::pair<std::int32_t, std::int64_t>> order;
  for (const auto& one : lines) {
    order.emplace_back(one.partition, one.offset);
  }
  EXPECT_THAT(order, ::testing::ElementsAre(std::pair{0, 3}, std::pair{1, 7}, std::pair{0, 2}));
}

TEST(DeadLetters, TheTableSaysWhereFromAndWhere) {
  DeadLetterLine from_file = line(2, 9, 0);
  from_file.topic = "dump.tsv";
  from_file.origin_partition.clear();
  from_file.key.reset();
  const std::string text = format_dead_letter_table({line(0, 1, 0), from_file});
  EXPECT_THAT(text, ::testing::HasSubstr("media.raw.v1[5]@42"));
  EXPECT_THAT(text, ::testing::HasSubstr("dump.tsv@42"));
  EXPECT_THAT(text, ::testing::HasSubstr("(none)"));
  EXPECT_THAT(text, ::testing::HasSubstr("\n2 9  "));
}

TEST(DeadLetters, TheJsonIsAListWithNullForWhatIsNotThere) {
  DeadLetterLine one = line(0, 1, 0);
  one.key.reset();
  const auto parsed = parse_json(format_dead_letter_json({one}));
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->as_array().size(), 1U);
  EXPECT_EQ(value_at(*parsed, "/0/reason").as_string(), "invalid_value");
  EXPECT_TRUE(value_at(*parsed, "/0/key").is_null());
  EXPECT_TRUE(value_at(*parsed, "/0/field").is_null());
  EXPECT_EQ(value_at(*parsed, "/0/size_bytes").to_number<int>(), 17);
}

}  // namespace
}  // namespace freshet
