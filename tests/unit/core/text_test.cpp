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
}

}  // namespace
}  // namespace freshet
