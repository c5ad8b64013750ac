#include "processors/record/stamp.hpp"

#include <gtest/gtest.h>

#include <random>

namespace freshet {
namespace {

TEST(Stamp, OrdersByTimeThenRulesThenHash) {
  const Stamp base{UtcTime{5}, 2, 7};
  EXPECT_LT(base, (Stamp{UtcTime{6}, 1, 1}));
  EXPECT_LT(base, (Stamp{UtcTime{5}, 3, 1}));
  EXPECT_LT(base, (Stamp{UtcTime{5}, 2, 8}));
  EXPECT_EQ(base, (Stamp{UtcTime{5}, 2, 7}));
}

TEST(Stamp, IsWrittenAsTheDesignSays) {
  std::string out;
  append_stamp(out, {*parse_time("2026-11-21T00:19:33.000001Z"), 3, 0x9f86d081884c7d65});
  EXPECT_EQ(out, R"(["2026-11-21T00:19:33.000001Z",3,"9f86d081884c7d65"])");
}

TEST(Stamp, ReadsWhatItWrote) {
  std::mt19937_64 random{1};
  for (int i = 0; i < 10'000; ++i) {
    const Stamp stamp{UtcTime{static_cast<std::int64_t>(random() >> 12U)},
                      static_cast<std::uint32_t>(random()), random()};
    std::string out;
    append_stamp(out, stamp);
    ASSERT_EQ(parse_stamp(out), stamp) << out;
    for (const int digits : {3, 6}) {
      out.clear();
      append_time(out, stamp.fetched_at, digits);
      ASSERT_EQ(out,
                digits == 3 ? format_millis(stamp.fetched_at) : format_micros(stamp.fetched_at));
      ASSERT_EQ(parse_stamp_time(out), parse_time(out)) << out;
    }
  }
}

TEST(Stamp, RefusesWhatIsNotOne) {
  const std::string good = R"(["2026-11-21T00:19:33.000001Z",3,"9f86d081884c7d65"])";
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(parse_stamp(good.substr(0, length))) << length;
  }
  for (const char* bad : {R"(["2026-13-21T00:19:33.000001Z",3,"9f86d081884c7d65"])",
                          R"(["2026-11-21T00:19:33.000001Z",-3,"9f86d081884c7d65"])",
                          R"(["2026-11-21T00:19:33.000001Z",3,"xf86d081884c7d65"])",
                          R"(["2026-11-21T00:19:33.000001Z","9f86d081884c7d65"])"}) {
    EXPECT_FALSE(parse_stamp(bad)) << bad;
  }
}

TEST(Stamp, TimesThatDoNotExistAreNone) {
  for (const char* bad :
       {"2026-02-30T00:00:00.000000Z", "2026-11-21T24:00:00.000000Z", "2026-11-21T00:60:00.000000Z",
        "2026-11-21T00:00:00.00000aZ", "0000-11-21T00:00:00.000000Z"}) {
    EXPECT_FALSE(parse_stamp_time(bad)) << bad;
  }
}

TEST(ContentHash, DiffersByContentAndByRules) {
  EXPECT_EQ(content_hash(R"({"a":1})", 1), content_hash(R"({"a":1})", 1));
  EXPECT_NE(content_hash(R"({"a":1})", 1), content_hash(R"({"a":1})", 2));
  EXPECT_NE(content_hash(R"({"a":1})", 1), content_hash(R"({"a":2})", 1));
}

}  // namespace
}  // namespace freshet
