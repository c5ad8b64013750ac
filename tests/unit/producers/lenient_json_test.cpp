#include "producers/lenient_json.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/charset.hpp"

namespace freshet {
namespace {

using namespace std::string_view_literals;

struct MendedText {
  const char* name;
  std::string_view text;
  std::string_view value;   // as JSON
  std::string_view faults;  // as `Mended::text` tells them
};

class LenientJson : public testing::TestWithParam<MendedText> {};

TEST_P(LenientJson, MendsAValueAndKeepsTheOthers) {
  const auto read = parse_lenient_json(GetParam().text);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(to_json(read->value), GetParam().value);
  EXPECT_EQ(read->mended.text(), GetParam().faults);
  EXPECT_FALSE(parse_json(GetParam().text).has_value() && !GetParam().faults.empty())
      << "the strict reading stays strict";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, LenientJson,
    testing::Values(
        MendedText{"Good", R"({"a":"é😀","b":[1,2.5,-3e2]})", R"({"a":"é😀","b":[1,2.5,-300.0]})",
                   ""},
        MendedText{"HighHalf", R"({"a":"half \ud83d pair","b":1})",
                   "{\"a\":\"half \xEF\xBF\xBD pair\",\"b\":1}", "lone_surrogate 1"},
        MendedText{"LowHalf", R"(["\uDE00"])", "[\"\xEF\xBF\xBD\"]", "lone_surrogate 1"},
        MendedText{"TwoHighHalves", R"(["\ud83d\ud83d\ude00"])", "[\"\xEF\xBF\xBD😀\"]",
                   "lone_surrogate 1"},
        MendedText{"HalfAtTheEndOfItsText", R"(["\ud83d","\ud83d\n"])",
                   "[\"\xEF\xBF\xBD\",\"\xEF\xBF\xBD\\n\"]", "lone_surrogate 2"},
        MendedText{"HalfInAName", R"({"a\ud83d":1})", "{\"a\xEF\xBF\xBD\":1}", "lone_surrogate 1"},
        MendedText{"NoHalf", R"(["\\ud83d",NaN])", R"(["\\ud83d",null])", "number 1"},
        MendedText{"NotANumber", R"({"a":NaN,"b":-Infinity,"c":[Infinity],"d":7})",
                   R"({"a":null,"b":null,"c":[null],"d":7})", "number 3"},
        MendedText{"OtherSpellings", R"([nan,inf,-nan,undefined,1.#INF,None])",
                   "[null,null,null,null,null,null]", "number 6"},
        MendedText{"WordsInATextAreText", R"(["NaN, Infinity",NaN])", R"(["NaN, Infinity",null])",
                   "number 1"},
        MendedText{"TooLarge", R"([1e400,-1E+999,1e-400,1e308])", "[null,null,0.0,1e+308]",
                   "number 2"},
        MendedText{"LeadingZeros", R"({"bpm":0123,"b":-007.50,"c":00})",
                   R"({"bpm":123,"b":-7.5,"c":0})", "number 3"},
        MendedText{"PartsLeftOut", "[+1,.5,-.5,5.,0x1F]", "[1,0.5,-0.5,5,null]", "number 5"},
        MendedText{"Mark", "\xEF\xBB\xBF{\"a\":1}", R"({"a":1})", "byte_order_mark 1"},
        MendedText{"MarkBehindWhiteSpace", "\n\xEF\xBB\xBF{\"a\":1}", R"({"a":1})",
                   "byte_order_mark 1"},
        MendedText{"BadBytes",
                   "[\"a\xFF\xFE"
                   "b\",\"\xC3\",\"\xE2\x82\",\"\xED\xA0\x80\"]",
                   "[\"a\xEF\xBF\xBD\xEF\xBF\xBD"
                   "b\",\"\xEF\xBF\xBD\",\"\xEF\xBF\xBD\","
                   "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"]",
                   "invalid_utf8 4"},
        MendedText{"BadByteBeforeTheQuote", "[\"a\xE9\",1]", "[\"a\xEF\xBF\xBD\",1]",
                   "invalid_utf8 1"},
        MendedText{"RawControls", "[\"a\nb\tc\x01\",\"\x1F\0\"]"sv,
                   R"(["a\nb\tc\u0001","\u001f\u0000"])", "control_character 2"},
        MendedText{"ZerosAround", "{\"a\":1}\0\0"sv, R"({"a":1})", "control_character 2"},
        MendedText{"BadEscapes", R"(["it\'s","C:\dir\x41","\u12","\uZZZZ"])",
                   R"(["it's","C:\\dir\\x41","\\u12","\\uZZZZ"])", "bad_escape 4"},
        MendedText{"SeveralOfAKindInOneTextAreOneValue", R"(["\ud83d \ud83d",1])",
                   "[\"\xEF\xBF\xBD \xEF\xBF\xBD\",1]", "lone_surrogate 1"},
        MendedText{"Utf16LeWithMark", "\xFF\xFE[\0\"\0\xE9\0\"\0]\0"sv, R"(["é"])", "charset 1"},
        MendedText{"Utf16BeWithMark", "\xFE\xFF\0[\0\"\0\xE9\0\"\0]"sv, R"(["é"])", "charset 1"},
        MendedText{"Utf16LeWithout", "[\0\"\0\xE9\0\"\0]\0"sv, R"(["é"])", "charset 1"},
        MendedText{"Utf16BeWithout", "\0[\0\"\0\xE9\0\"\0]"sv, R"(["é"])", "charset 1"},
        MendedText{"Utf16WithHalf", "\xFF\xFE[\0\"\0\x3D\xD8\"\0]\0"sv, "[\"\xEF\xBF\xBD\"]",
                   "charset 1"},
        MendedText{"Utf32", "[\0\0\0\"\0\0\0\xE9\0\0\0\"\0\0\0]\0\0\0"sv, R"(["é"])", "charset 1"}),
    [](const auto& row) { return row.param.name; });

struct NamedCharset {
  const char* name;
  std::string_view content_type;
  std::string_view text;
  std::string_view value;
};

class LenientJsonIn : public testing::TestWithParam<NamedCharset> {};

TEST_P(LenientJsonIn, ReadsTheCharsetThatTheHeaderNames) {
  const auto read = parse_lenient_json(GetParam().text, charset_of(GetParam().content_type));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(to_json(read->value), GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, LenientJsonIn,
    testing::Values(NamedCharset{"Latin1", "application/json; charset=ISO-8859-1", "[\"Caf\xE9\"]",
                                 R"(["Café"])"},
                    NamedCharset{"Latin1WithWindowsQuotes", "text/plain;charset=\"latin1\"",
                                 "[\"\x93x\x94 \x85\"]", R"(["“x” …"])"},
                    NamedCharset{"Windows1251", "application/json; x=y; Charset = Windows-1251",
                                 "[\"\xCC\xEE\xF1\xEA\xE2\xE0\",NaN]", R"(["Москва",null])"},
                    NamedCharset{"Koi8", "application/json;charset='koi8-r'", "[\"\xED\xCF\"]",
                                 R"(["Мо"])"},
                    NamedCharset{"ShiftJis", "application/json; charset=Shift_JIS",
                                 "[\"\x95\\\x8E\xA6\",\"\x95\xB6\"]", R"(["表示","文"])"},
                    NamedCharset{"Gbk", "application/json; charset=gb2312",
                                 "[\"\xD6\xD0\xB9\xFA\"]", R"(["中国"])"},
                    NamedCharset{"Iso2022Jp", "application/json; charset=iso-2022-jp",
                                 "[\"\x1B$BJ8\x1B(B\"]", R"(["文"])"},
                    NamedCharset{"NoMeaningThere", "application/json; charset=windows-1252",
                                 "[\"a\x81"
                                 "b\xE9\"]",
                                 "[\"a\xEF\xBF\xBD"
                                 "bé\"]"},
                    NamedCharset{"CutShort", "application/json; charset=utf-8", "[\"a\xE6\"]",
                                 "[\"a\xEF\xBF\xBD\"]"},
                    // Servers name a charset without looking at what they send.
                    NamedCharset{"Utf8AfterAll", "application/json; charset=ISO-8859-1",
                                 R"(["Café"])", R"(["Café"])"},
                    NamedCharset{"Utf8AfterAllWithABadByte", "application/json; charset=ISO-8859-1",
                                 "[\"é ü\xFF\"]", "[\"é ü\xEF\xBF\xBD\"]"},
                    NamedCharset{"MarkBeforeHeader", "application/json; charset=ISO-8859-1",
                                 "\xEF\xBB\xBF[\"é\"]", R"(["é"])"},
                    NamedCharset{"Unknown", "application/json; charset=../../x", "[\"a\xE9\"]",
                                 "[\"a\xEF\xBF\xBD\"]"}),
    [](const auto& row) { return row.param.name; });

TEST(LenientJsonOfNoJson, StaysAFaultOfTheAnswer) {
  for (const std::string_view text : {""sv,
                                      " "sv,
                                      "Forbidden"sv,
                                      "NaN"sv,
                                      "1e400"sv,
                                      "<html>x</html>"sv,
                                      "{"sv,
                                      "[1,2"sv,
                                      R"(["a)"sv,
                                      R"({"a":1)"sv,
                                      R"({"a" 1})"sv,
                                      R"([1 2])"sv,
                                      R"({a:1})"sv,
                                      "[1,]"sv,
                                      "[NaN,]"sv,
                                      "[1]x"sv,
                                      "callback([NaN])"sv,
                                      "[<br />NaN]"sv,
                                      "\xEF\xBB\xBF"sv,
                                      "\xFF\xFE"sv,
                                      "\0"sv,
                                      "\0\0\0\0"sv,
                                      "\x1F\x8B\x08"sv}) {
    EXPECT_FALSE(parse_lenient_json(text)) << text;
  }
  // Place and reason are of the text as it came.
  EXPECT_NE(parse_lenient_json("[NaN,\n1 2]").error().message().find("line 1"), std::string::npos);
}

// One value deeper than the parser goes is left out; its neighbours are read, and nothing recurses.
TEST(LenientJsonOfAnyDepth, LeavesOutWhatIsTooDeep) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + "\"]\"" + std::string(levels, ']');
  };
  EXPECT_EQ(parse_lenient_json(nested(128))->mended.total(), 0);
  const auto read = parse_lenient_json(R"({"a":)" + nested(500'000) + R"(,"b":"next"})");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->mended.text(), "too_deep 1");
  EXPECT_EQ(value_at(read->value, "/b"), "next");
  EXPECT_FALSE(parse_lenient_json(std::string(500'000, '[')));
  EXPECT_FALSE(parse_lenient_json(std::string(500'000, '{')));
}

TEST(ReadText, GivesUtf8) {
  Mended mended;
  EXPECT_EQ(read_text("plain é", "", mended), "plain é");
  EXPECT_EQ(read_text("plain é", "iso-8859-1", mended), "plain é");
  EXPECT_EQ(mended.total(), 0);
  EXPECT_EQ(read_text("Caf\xE9", "iso-8859-1", mended), "Café");
  EXPECT_EQ(mended.text(), "charset 1");
  mended = {};
  EXPECT_EQ(read_text("\xEF\xBB\xBFx\xFF", "", mended), "x\xEF\xBF\xBD");
  EXPECT_EQ(mended.text(), "byte_order_mark 1, invalid_utf8 1");
}

TEST(CharsetOf, ReadsTheParameter) {
  EXPECT_EQ(charset_of("application/json"), "");
  EXPECT_EQ(charset_of("application/json; charset="), "");
  EXPECT_EQ(charset_of("application/json; charset=UTF-8; x=y"), "utf-8");
  EXPECT_EQ(charset_of("application/json;charset = \"KOI8-R\" "), "koi8-r");
  EXPECT_EQ(charset_of("text/html; charsets=a; charset=b"), "b");
  EXPECT_EQ(charset_of(";;;charset"), "");
}

}  // namespace
}  // namespace freshet
