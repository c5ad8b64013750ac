#include "api/query_string.hpp"

#include <gtest/gtest.h>

namespace freshet::api {
namespace {

struct Decoding {
  const char* name;
  std::string text;
  std::string decoded;
};

class DecodeQueryText : public testing::TestWithParam<Decoding> {};

TEST_P(DecodeQueryText, GivesUtf8) {
  EXPECT_EQ(decode_query_text(GetParam().text), GetParam().decoded);
}

INSTANTIATE_TEST_SUITE_P(All, DecodeQueryText,
                         testing::Values(Decoding{"Plain", "harbour", "harbour"},
                                         Decoding{"PlusIsSpace", "red+boat", "red boat"},
                                         Decoding{"Escapes", "%C3%A9t%c3%a9", "été"},
                                         Decoding{"EscapedPlus", "sampling%2B", "sampling+"},
                                         Decoding{"BrokenEscapesStay", "100%zz%4", "100%zz%4"},
                                         Decoding{"LastByteEscaped", "a%21", "a!"},
                                         Decoding{"InvalidBytesAreReplaced", "a%FF%FEb",
                                                  "a\xEF\xBF\xBD"
                                                  "b"},
                                         Decoding{"CutCharacterIsReplaced", "%C3", "\xEF\xBF\xBD"},
                                         Decoding{"Surrogate", "%ED%A0%80x", "\xEF\xBF\xBDx"},
                                         Decoding{"Nul", "a%00b", std::string("a\0b", 3)},
                                         Decoding{"Empty", "", ""}),
                         [](const auto& row) { return row.param.name; });

TEST(Query, LastOfARepeatedParameterCounts) {
  const Query query = Query::parse("q=a&page=1&q=b");
  ASSERT_NE(query.find("q"), nullptr);
  EXPECT_EQ(*query.find("q"), "b");
  EXPECT_EQ(*query.find("page"), "1");
}

TEST(Query, EmptyAndNamelessParametersAreThereButNotFilled) {
  const Query query = Query::parse("&q=&check_es&&x=a=b");
  EXPECT_TRUE(query.contains("q"));
  EXPECT_EQ(query.find_filled("q"), nullptr);
  EXPECT_TRUE(query.contains("check_es"));
  EXPECT_EQ(*query.find_filled("x"), "a=b");
  EXPECT_FALSE(query.contains("y"));
  EXPECT_FALSE(query.contains("Q"));
}

}  // namespace
}  // namespace freshet::api
