#include "core/json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace freshet {
namespace {

using namespace std::string_view_literals;

TEST(Json, WritesBackWhatItRead) {
  for (const std::string_view text : {R"(null)"sv,
                                      R"(true)"sv,
                                      R"(0)"sv,
                                      R"(-1)"sv,
                                      R"(9223372036854775807)"sv,
                                      R"(-9223372036854775808)"sv,
                                      R"(18446744073709551615)"sv,
                                      R"(0.1)"sv,
                                      R"(-0.0)"sv,
                                      R"(1.0)"sv,
                                      R"(413.39108)"sv,
                                      R"(51.507222222222225)"sv,
                                      R"(1e-05)"sv,
                                      R"(0.0001)"sv,
                                      R"(1e+16)"sv,
                                      R"(1234567890123456.0)"sv,
                                      R"(5e-324)"sv,
                                      R"(1.7976931348623157e+308)"sv,
                                      R"("")"sv,
                                      R"("é€😀")"sv,
                                      R"("\"\\\b\f\n\r\t\u0000\u001f")"sv,
                                      R"([])"sv,
                                      R"({})"sv,
                                      R"([1,[2,{"a":null}],"x"])"sv,
                                      R"({"b":1,"a":{"d":[],"c":{}}})"sv}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(to_json(*value), text);
  }
}

TEST(Json, ReadsDoublesToTheLastDigit) {
  // Values at which a reader that multiplies by powers of ten is off by one unit.
  struct Row {
    std::string_view text;
    double value;
  };
  for (const Row& row :
       {Row{"0.3e1", 3.0}, Row{"9007199254740993.0", 9007199254740992.0},
        Row{"2.2250738585072014e-308", std::numeric_limits<double>::min()},
        Row{"0.000000000000000000000000000000000000123456789012345678", 1.23456789012345678e-37},
        Row{"8.10109172351e-10", 8.10109172351e-10},
        Row{"123456789012345680000000000", 123456789012345680000000000.0}}) {
    const auto value = parse_json(row.text);
    ASSERT_TRUE(value) << row.text;
    ASSERT_TRUE(value->is_double()) << row.text;
    EXPECT_EQ(value->get_double(), row.value) << row.text;
  }
  EXPECT_EQ(parse_json("1e-400")->get_double(), 0.0);
}

TEST(Json, KeepsTheLastOfRepeatedMembersAndEscapedText) {
  EXPECT_EQ(to_json(*parse_json(R"({"a":1,"a":2})")), R"({"a":2})");
  EXPECT_EQ(to_json(*parse_json(R"("\u00e9\ud83d\ude00\/")")), R"("é😀/")");
  EXPECT_EQ(to_json(*parse_json(" \n[ 1 , 2 ]\t\r\n")), "[1,2]");
}

struct Fault {
  const char* name;
  std::string text;
  const char* place;
};

class ParseJson : public testing::TestWithParam<Fault> {};

TEST_P(ParseJson, NamesThePlaceOfAFault) {
  const auto value = parse_json(GetParam().text);
  ASSERT_FALSE(value);
  const Error error = value.error();
  EXPECT_EQ(error.errc(), Errc::malformed_payload);
  EXPECT_EQ(error.retry(), Retry::never);
  EXPECT_NE(error.message().find(GetParam().place), std::string::npos) << error.message();
}

INSTANTIATE_TEST_SUITE_P(
    Faults, ParseJson,
    testing::Values(Fault{"Empty", "", "byte 0"}, Fault{"Blank", "  ", "byte 2"},
                    Fault{"CutShort", R"({"a":)", "byte 5"},
                    Fault{"CutInText", R"({"a":"b)", "byte"},
                    Fault{"SecondValue", "{} {}", "byte 3"},
                    Fault{"SecondLine", "{\n  \"a\": tru\n}", "line 2, column"},
                    Fault{"BadUtf8", "[\"\xff\"]", "byte"}, Fault{"Control", "[\"a\nb\"]", "byte"},
                    Fault{"LoneSurrogate", R"(["\ud83d"])", "byte"},
                    Fault{"NaN", "[NaN]", "byte 1"}, Fault{"TrailingComma", "[1,]", "byte 3"},
                    Fault{"Comment", "[1/**/]", "byte 2"}, Fault{"LeadingZero", "[01]", "byte"},
                    Fault{"Overflow", "[1e400]", "byte"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Json, TakesADepthOf128AndNoMore) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(128)));
  const auto deeper = parse_json(nested(129));
  ASSERT_FALSE(deeper);
  EXPECT_NE(deeper.error().message().find("deeper than 128"), std::string::npos);
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(Json, FindsByPointer) {
  const auto root = *parse_json(R"({"a":[{"b":"x","c":null}],"d/e":1,"n":5})");
  EXPECT_EQ(text_at(root, "/a/0/b"), "x");
  EXPECT_EQ(value_at(root, "/d~1e").as_int64(), 1);
  for (const char* missing : {"/a/1/b", "/a/0/c", "/z", "/n/x", "/a/x", "a"}) {
    EXPECT_TRUE(value_at(root, missing).is_null()) << missing;
    EXPECT_FALSE(text_at(root, missing)) << missing;
  }
  EXPECT_FALSE(text_at(root, "/n"));
  EXPECT_EQ(value_at(root, ""), root);
}

TEST(Json, KnowsWhatIsEmpty) {
  for (const char* text : {"null", "\"\"", "0", "0.0", "-0.0", "[]", "{}", "false"}) {
    EXPECT_TRUE(is_empty(*parse_json(text))) << text;
  }
  for (const char* text :
       {"\" \"", "1", "0.1", "[0]", "{\"a\":null}", "true", "\"0\"", "18446744073709551615"}) {
    EXPECT_FALSE(is_empty(*parse_json(text))) << text;
  }
}

}  // namespace
}  // namespace freshet
