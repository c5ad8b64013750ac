#include "core/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace freshet {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, AcceptsWellFormedText) {
  for (const std::string_view text : {""sv, "abc"sv, "é"sv, "€"sv, "😀"sv, "a\0b"sv,
                                      "\xf4\x8f\xbf\xbf"sv, "\xed\x9f\xbf"sv, "\xee\x80\x80"sv}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesTheRest) {
  for (const std::string_view text :
       {"\x80"sv, "\xc3"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x80\x80"sv, "\xe2\x82"sv,
        "\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xf0\x80\x80\x80"sv, "\xf4\x90\x80\x80"sv, "\xf5"sv,
        "\xff"sv, "abc\xe9 def"sv}) {
    EXPECT_FALSE(is_utf8(text));
    // Also behind a long run of ASCII, where vectorised code takes another path.
    EXPECT_FALSE(is_utf8(std::string(100, 'a') + std::string{text}));
  }
}

TEST(Utf8, CountsAndCutsCodePointsNotBytes) {
  const std::string_view text = "aé€😀b";
  EXPECT_EQ(text.size(), 11U);
  EXPECT_EQ(count_code_points(text), 5U);
  EXPECT_EQ(first_code_points(text, 0), "");
  EXPECT_EQ(first_code_points(text, 1), "a");
  EXPECT_EQ(first_code_points(text, 2), "aé");
  EXPECT_EQ(first_code_points(text, 3), "aé€");
  EXPECT_EQ(first_code_points(text, 4), "aé€😀");
  EXPECT_EQ(first_code_points(text, 5), text);
  EXPECT_EQ(first_code_points(text, 10), text);
  EXPECT_EQ(first_code_points(text, 100), text);
  EXPECT_EQ(first_code_points("", 3), "");
}

TEST(Utf8, AMarkIsTakenOffOnce) {
  EXPECT_EQ(without_bom("\xEF\xBB\xBF\xEF\xBB\xBFx"), "\xEF\xBB\xBFx");
  EXPECT_EQ(without_bom("\xEF\xBB"), "\xEF\xBB");
  EXPECT_EQ(without_bom("x\xEF\xBB\xBF"), "x\xEF\xBB\xBF");
  EXPECT_EQ(without_bom(""), "");
}

TEST(WellFormedUtf8, HasOneReplacementForARunOfBadBytes) {
  EXPECT_EQ(well_formed_utf8("été"), "été");
  EXPECT_EQ(well_formed_utf8("a\xFF\xFE"
                             "b\xC3"),
            "a\uFFFDb\uFFFD");
  EXPECT_EQ(well_formed_utf8("\xED\xA0\x80x"), "\uFFFDx");
}

TEST(AppendUtf8, WritesOneToFourBytes) {
  std::string out;
  for (const char32_t code : {U'a', U'é', U'中', U'\U00010428'}) {
    append_utf8(out, code);
  }
  EXPECT_EQ(out, "aé中\U00010428");
}

}  // namespace
}  // namespace freshet
