#include "core/text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace freshet {
namespace {

using namespace std::string_literals;

struct Case {
  std::string name;
  std::string text;
  std::string expected;
};

class CleanText : public testing::TestWithParam<Case> {};

TEST_P(CleanText, GivesTheKeptForm) {
  EXPECT_EQ(clean_text(GetParam().text), GetParam().expected);
  EXPECT_EQ(clean_text(GetParam().expected), GetParam().expected);
  EXPECT_TRUE(is_clean_text(GetParam().expected));
  EXPECT_EQ(is_clean_text(GetParam().text), GetParam().text == GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CleanText,
    testing::Values(Case{"Empty", "", ""}, Case{"Plain", "Still life", "Still life"},
                    Case{"QuotesBecomeSingle", "I said, \"Hello!\"", "I said, 'Hello!'"},
                    Case{"RunsOfSpaceBecomeOne", "a \t\r\n\v\f b", "a b"},
                    Case{"Trimmed", "  a\n", "a"}, Case{"OnlySpace", " \t\n", ""},
                    Case{"SeparatorControls",
                         "\x1c"
                         "a\x1d\x1e"
                         "b\x1f",
                         "a b"},
                    Case{"OtherControlsStay",
                         "\x01"
                         "a\x7f",
                         "\x01"
                         "a\x7f"},
                    Case{"BackspaceGone", "a\b\bc\b", "ac"},
                    Case{"BackspaceBetweenSpaces", "a \b b", "a b"},
                    Case{"OnlyBackspace", "\b", ""}, Case{"NulGone", "a\0b\0"s, "ab"},
                    Case{"BackslashStays", "\\N\\\\t", "\\N\\\\t"},
                    Case{"NextLine",
                         "a\xC2\x85"
                         "b",
                         "a b"},
                    Case{"NoBreakSpace", "\xC2\xA0x\xC2\xA0", "x"},
                    Case{"OghamSpace",
                         "a\xE1\x9A\x80"
                         "b",
                         "a b"},
                    Case{"EmSpaces",
                         "a\xE2\x80\x80\xE2\x80\x8A"
                         "b",
                         "a b"},
                    Case{"LineAndParagraph",
                         "a\xE2\x80\xA8\xE2\x80\xA9"
                         "b",
                         "a b"},
                    Case{"NarrowAndMathSpace",
                         "a\xE2\x80\xAF\xE2\x81\x9F"
                         "b",
                         "a b"},
                    Case{"IdeographicSpace", "\xE3\x80\x80中\xE3\x80\x80", "中"},
                    Case{"ZeroWidthSpaceStays", "x\xE2\x80\x8By", "x\xE2\x80\x8By"},
                    Case{"NeighboursOfSpacesStay", "©ᚁ‐℁〃", "©ᚁ‐℁〃"},
                    Case{"CutSequenceAtTheEnd", "a\xE2\x80", "a\xE2\x80"}),
    [](const auto& row) { return row.param.name; });

TEST(CleanTextProperty, TwiceIsOnce) {
  std::mt19937 random{7};
  const std::vector<std::string> pieces{"a",
                                        " ",
                                        "\"",
                                        "\b",
                                        "\0"s,
                                        "\n",
                                        "\xC2\xA0",
                                        "\xE2\x80\xA8",
                                        "\xE2\x80\x8B",
                                        "\\",
                                        "é",
                                        "\xE3\x80\x80",
                                        "\xF0\x9F\x98\x80",
                                        "plain words of a title",
                                        "fifteen letters"};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::size_t left = random() % 9; left > 0; --left) {
      text += pieces[random() % pieces.size()];
    }
    const std::string once = clean_text(text);
    ASSERT_EQ(clean_text(once), once);
    ASSERT_TRUE(is_clean_text(once));
    ASSERT_EQ(is_clean_text(text), once == text);
    std::string rebuilt;  // the copying path must agree with the shortcut
    append_clean_text(rebuilt, text);
    ASSERT_EQ(rebuilt, once);
    ASSERT_EQ(trim_space(once), once);
  }
}

TEST(TrimSpace, TakesBothEndsOnly) {
  EXPECT_EQ(trim_space(" \xE2\x80\xA8 a b\xC2\x85\t"), "a b");
  EXPECT_EQ(trim_space("\xC2\xA0"), "");
  EXPECT_EQ(trim_space("é"), "é");
  EXPECT_EQ(trim_space(" \t\n a b \xC2\xA0\xE3\x80\x80"), "a b");
  EXPECT_EQ(trim_space("\xE2\x80\x89"), "");
  EXPECT_EQ(trim_space(""), "");
}

TEST(LowerAscii, LeavesTheRest) {
  EXPECT_EQ(lower_ascii("ÉCOLE Z"),
            "\xC3\x89"
            "cole z");
  EXPECT_EQ(lower_ascii("@[`{AZaz09"), "@[`{azaz09");
}

TEST(HexValue, KnowsTheDigitsOfBothCases) {
  std::string digits;
  for (int c = 0; c < 256; ++c) {
    if (const int value = hex_value(static_cast<char>(c)); value >= 0) {
      digits += static_cast<char>(c);
      EXPECT_EQ(kHexDigits[static_cast<std::size_t>(value)], lower_letter(static_cast<char>(c)));
    }
  }
  EXPECT_EQ(digits, "0123456789ABCDEFabcdef");
}

TEST(PercentDecode, LeavesWhatIsNoEscape) {
  for (const Plus plus : {Plus::space, Plus::itself}) {
    EXPECT_EQ(percent_decode("%C3%A9t%c3%a9", plus), "été");
    EXPECT_EQ(percent_decode("100%zz%4", plus), "100%zz%4");
    EXPECT_EQ(percent_decode("%%41%", plus), "%A%");
    EXPECT_EQ(percent_decode("a%2Bb%00", plus), "a+b\0"s);
    EXPECT_EQ(percent_decode("", plus), "");
  }
  EXPECT_EQ(percent_decode("a+b", Plus::space), "a b");
  EXPECT_EQ(percent_decode("a+b", Plus::itself), "a+b");
}

struct Written {
  double value;
  std::string with_point;
  std::string bare;
};

TEST(AppendDouble, WritesTheShortestDigitsAsTheBatchOriginalDoes) {
  const std::vector<Written> rows{{0, "0.0", "0"},
                                  {-0.0, "-0.0", "-0"},
                                  {5, "5.0", "5"},
                                  {100000, "100000.0", "100000"},
                                  {0.1, "0.1", "0.1"},
                                  {0.0001, "0.0001", "0.0001"},
                                  {0.00001, "1e-05", "1e-05"},
                                  {9007199254740992.0, "9007199254740992.0", "9007199254740992"},
                                  {1e16, "1e+16", "1e+16"},
                                  {1.5e300, "1.5e+300", "1.5e+300"},
                                  {1.0 / 3, "0.3333333333333333", "0.3333333333333333"}};
  for (const auto& [value, with_point, bare] : rows) {
    std::string out = "x";
    append_double(out, value, WholeNumber::with_point);
    EXPECT_EQ(out, "x" + with_point);
    out.clear();
    append_double(out, value, WholeNumber::bare);
    EXPECT_EQ(out, bare);
  }
}

}  // namespace
}  // namespace freshet
