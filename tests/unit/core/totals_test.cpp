#include "core/totals.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace freshet {
namespace {

TEST(Totals, AddsAndSums) {
  Totals totals;
  totals.add("received", 3);
  totals.add("dropped.licence");
  totals.add("dropped.no_url", 2);
  totals.add("dropped_else", 40);  // another name, not a reason
  EXPECT_EQ(totals.at("received"), 3);
  EXPECT_EQ(totals.at("dropped"), 0);
  EXPECT_EQ(totals.sum("dropped"), 3);
  Totals other;
  other.add("dropped.licence", -1);
  other.add("merged", 5);
  totals.add(other);
  EXPECT_EQ(totals.at("dropped.licence"), 0);
  EXPECT_EQ(totals.at("merged"), 5);
}

TEST(Totals, ReadBackWhatWasWritten) {
  Totals totals;
  for (const char* name : {"received", "dropped.licence", "dropped.a.b", "dropped-x", "dropped"}) {
    totals.add(name, 7);
  }
  totals.add("works.live", 1'000'000'000'000);
  totals.add("works.blocked", -2);
  const std::string text = encode_totals(totals);
  const auto read = parse_totals(text);
  ASSERT_TRUE(read) << text;
  EXPECT_EQ(read->counters, totals.counters) << text;
  EXPECT_EQ(encode_totals(*read), text);
}

TEST(Totals, AreNestedOneDeep) {
  Totals totals;
  totals.add("received", 12);
  totals.add("dropped.licence", 3);
  EXPECT_EQ(encode_totals(totals), R"({"received":12,"dropped":{"licence":3}})");
  EXPECT_EQ(encode_totals({}), "{}");
}

TEST(Totals, EndWhereNumbersEnd) {
  auto totals = parse_totals(R"({"a":9223372036854775807,"b":{"x":-9223372036854775808,"y":-1}})");
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->sum("b"), std::numeric_limits<std::int64_t>::min());
  totals->add("a", 1);
  totals->add(*totals);
  EXPECT_EQ(totals->at("a"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(totals->at("b.y"), -2);
}

TEST(Totals, RefuseOtherShapes) {
  for (const char* text : {"", "[]", R"({"a":"1"})", R"({"a":1.5})", R"({"a":{"b":{}}})",
                           R"({"a":null})", R"({"a":99999999999999999999})"}) {
    const auto read = parse_totals(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().errc(), Errc::malformed_payload);
  }
}

TEST(TotalsKey, ReadsBack) {
  const std::string text = encode_totals_key({"process", "wikimedia_audio", 63});
  EXPECT_EQ(text, "process:wikimedia_audio:63");
  const auto key = parse_totals_key(text);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kind, "process");
  EXPECT_EQ(key->provider, "wikimedia_audio");
  EXPECT_EQ(key->partition, 63);
}

TEST(TotalsKey, RefusesOtherForms) {
  for (const char* text :
       {"", "process", "process:met", "process:met:", "process:met:x", "process:met:-1",
        "process:met:1x", ":met:1", "process::1", "process:met:99999999999"}) {
    EXPECT_FALSE(parse_totals_key(text)) << text;
  }
}

}  // namespace
}  // namespace freshet
