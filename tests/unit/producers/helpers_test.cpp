#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/topics.hpp"
#include "producers/describe.hpp"
#include "producers/html.hpp"
#include "producers/print_output.hpp"
#include "producers/progress.hpp"
#include "producers/provider.hpp"
#include "producers/providers/jamendo.hpp"
#include "producers/registry.hpp"
#include "producers/run_state.hpp"
#include "producers/sighting.hpp"

namespace freshet {
namespace {

TEST(Params, OverlayReplacesEveryValueOfAName) {
  const Params base{{"a", "1"}, {"f", "x"}, {"f", "y"}, {"b", "2"}};
  EXPECT_EQ(overlay(base, {{"f", "z"}}), (Params{{"a", "1"}, {"b", "2"}, {"f", "z"}}));
  EXPECT_EQ(with_param(base, "f", "z"), (Params{{"a", "1"}, {"f", "z"}, {"b", "2"}}));
  EXPECT_TRUE(contains(base, {{"f", "y"}, {"a", "1"}}));
  EXPECT_FALSE(contains(base, {{"f", "z"}}));
}

TEST(Params, AreReadFromJsonAndBack) {
  const json::value text = json::parse(R"({"a": 1, "f": ["x", true], "b": ""})");
  const auto params = params_from_json(text);
  ASSERT_TRUE(params);
  EXPECT_EQ(*params, (Params{{"a", "1"}, {"f", "x"}, {"f", "true"}, {"b", ""}}));
  EXPECT_EQ(*params_from_json(params_to_json(*params)), *params);
  EXPECT_FALSE(params_from_json(json::parse(R"({"a": {"b": 1}})")));
  EXPECT_FALSE(params_from_json(json::parse(R"(["a"])")));
}

TEST(Sighting, KeyHasTheCleanedIdentifierAndWorkTheOneThatWasFound) {
  ProviderSpec spec;
  spec.providers = {{MediaType::image, "p"}};
  spec.fixed_values = {{"license", "cc0"}, {"title", "unused"}};
  const Draft draft{MediaType::image,
                    {{"title", "T"},
                     {"url", "u"},
                     {"foreign_landing_url", "l"},
                     {"creator", nullptr},
                     {"foreign_identifier", " a  \"b\" "}}};
  const Judged judged = judge(spec, draft);
  const auto& sighting = std::get<Sighting>(judged);
  EXPECT_EQ(sighting.key, "image:p:a 'b'");
  EXPECT_EQ(sighting.work,
            R"({"media_type":"image","provider":"p","foreign_identifier":" a  \"b\" ",)"
            R"("foreign_landing_url":"l","url":"u","license":"cc0","title":"T"})");
}

TEST(Sighting, ARecordMayFillTheTopicsLimitAndNoMore) {
  const std::string value(kRawMaxBytes - 64 - 3, 'x');
  EXPECT_TRUE(fits_raw_topic("key", value));
  EXPECT_FALSE(fits_raw_topic("key", value + "x"));
}

TEST(RunState, ComesBackAsItWasWritten) {
  RunState state;
  state.command = "numbers";
  state.run_id = "r";
  state.date = "2026-11-20";
  state.started_at = UtcTime::from_millis(1'000);
  state.updated_at = UtcTime::from_millis(2'000);
  state.outcome = RunOutcome::stopped;
  Cursor cursor;
  cursor.arguments = {{"slice", "x"}};
  cursor.set = 3;
  cursor.fixed = {{"f", "1"}, {"f", "2"}};
  cursor.next = Params{{"cursor", "é"}};
  cursor.item = 7;
  cursor.last_item = "00ff";
  cursor.last_fetched_at = UtcTime{1'000'001};
  cursor.is_partial = true;
  state.cursor = cursor;
  state.counts.add("emitted", 5);
  state.counts.add("dropped.no_image", 2);
  state.error = "why";
  state.cursor->marks.pages_met = 2;
  state.cursor->marks.empty_pages = 41;
  const std::string text = encode_run_state(state);
  const auto read = parse_run_state(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode_run_state(*read), text);
  ASSERT_TRUE(read->cursor);
  EXPECT_EQ(read->cursor->marks.pages_met, 2);
  EXPECT_EQ(read->cursor->marks.empty_pages, 41);
  EXPECT_EQ(read->cursor->fixed, cursor.fixed);
  EXPECT_TRUE(read->cursor->is_partial);
  EXPECT_EQ(read->counts.at("dropped.no_image"), 2);
  EXPECT_FALSE(parse_run_state("{}"));
  EXPECT_FALSE(parse_run_state("no json"));
}

struct HtmlRow {
  const char* name;
  const char* html;
  const char* text;  // null: nothing to read
  const char* spaced;
  const char* link;  // null: none
};

class ReadHtml : public ::testing::TestWithParam<HtmlRow> {};

TEST_P(ReadHtml, IsLenient) {
  const auto& row = GetParam();
  const auto content = read_html(row.html);
  ASSERT_EQ(content.has_value(), row.text != nullptr);
  if (content) {
    EXPECT_EQ(content->text, row.text);
    EXPECT_EQ(content->spaced_text, row.spaced);
    EXPECT_EQ(content->links.empty() ? "(none)" : content->links.front(),
              row.link == nullptr ? "(none)" : row.link);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ReadHtml,
    ::testing::Values(
        HtmlRow{"Plain", "just text", "just text", "just text", nullptr},
        HtmlRow{"Unclosed", "<b>x<i>y", "xy", "x y", nullptr},
        HtmlRow{"LinkInside", "<div>by <a href='//c/x'>A</a></div>", "by A", "by  A", "//c/x"},
        HtmlRow{"StyleLink", "<p style='background: url(\"i.png\")'>x", "x", "x", "i.png"},
        HtmlRow{"Entities", "a &amp; b &#8211; c", "a & b – c", "a & b – c", nullptr},
        HtmlRow{"Comment", "<!-- no -->yes", "yes", "yes", nullptr},
        HtmlRow{"OnlyAComment", "<!-- -->", nullptr, nullptr, nullptr},
        HtmlRow{"OnlyABreak", "<br>", "", "", nullptr},
        HtmlRow{"StyleBefore", "<style>.a{color:red}</style>Anna", "Anna", "Anna", nullptr},
        HtmlRow{"StyleWithin", "<span><style data-x='r1'>.a > b{}</style>Anna</span>", "Anna",
                "Anna", nullptr},
        HtmlRow{"StyleAlone", "<style>.a{}</style>", "", "", nullptr},
        HtmlRow{"Script", "Anna<script src='/s.js'>f('<b>')</script> <a href='/anna'>B</a>",
                "Anna B", "Anna   B", "/anna"},
        HtmlRow{"StyleSheet", "<link rel='s' href='mw-data:Styles:r1'/><a href='/anna'>Anna</a>",
                "Anna", "Anna", "/anna"},
        HtmlRow{"NoScript", "<noscript><img src='/pixel'>x</noscript>Anna", "Anna", "Anna",
                nullptr},
        HtmlRow{"Template", "Anna<template><a href='/x'>x</a></template>", "Anna", "Anna", nullptr},
        HtmlRow{"Page",
                "<html><head><title>Page</title><meta charset='x'></head><body>Anna</body></html>",
                "Anna", "Anna", nullptr},
        HtmlRow{"Blank", " \n\t ", nullptr, nullptr, nullptr},
        HtmlRow{"Empty", "", nullptr, nullptr, nullptr}),
    [](const auto& row) { return row.param.name; });

TEST(ReadHtmlOfAnyDepth, DoesNotOverflow) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    deep += "<div>";
  }
  EXPECT_NO_FATAL_FAILURE(static_cast<void>(read_html(deep + "x")));
}

TEST(Defaults, StandForWhatIsMissingOrForWhatIsEmpty) {
  const json::value object = json::parse(R"({"null": null, "zero": 0, "text": "t"})");
  EXPECT_EQ(default_if_missing(object, "none", 7), 7);
  EXPECT_EQ(default_if_missing(object, "null", 7), nullptr);
  EXPECT_EQ(default_if_missing(object, "zero", 7), 0);
  EXPECT_EQ(default_if_empty(object, "none", 7), 7);
  EXPECT_EQ(default_if_empty(object, "null", 7), 7);
  EXPECT_EQ(default_if_empty(object, "zero", 7), 7);
  EXPECT_EQ(default_if_empty(object, "text", 7), "t");
  EXPECT_THROW(static_cast<void>(default_if_missing(json::value(5), "x", 7)), WrongShape);
  EXPECT_THROW(static_cast<void>(default_if_empty(nullptr, "x", 7)), WrongShape);
}

TEST(LowerCase, KnowsTheLettersOfNames) {
  EXPECT_EQ(lower_case("ÀÉÖŁŽ ΑΩ ЀЖЯ ß×中 A"), "àéöłž αω ѐжя ß×中 a");
}

TEST(Milliseconds, AreAThousandPerSecondWhateverTheType) {
  struct Row {
    const char* seconds;
    const char* milliseconds;
  };
  for (const Row& row :
       {Row{"214", "214000"}, Row{"0", "0"}, Row{"null", "null"}, Row{"\"214\"", "214000"},
        Row{"\" 214.5 \"", "214500"}, Row{"214.5", "214500"}, Row{"0.608754", "608"},
        Row{"-1.012", "-1012"}, Row{"\"1e3\"", "1000000"}, Row{"9000000000000", "9000000000000000"},
        // What is no number of seconds, or none that can be counted, is no number at all.
        Row{"9223372036854775807", "\"9223372036854775807 s\""},
        Row{"-9223372036854775808", "\"-9223372036854775808 s\""},
        Row{"18446744073709551615", "\"18446744073709551615 s\""}, Row{"1e300", "\"1e+300 s\""},
        Row{"\"1e400\"", "\"1e400 s\""}, Row{"\"nan\"", "\"nan s\""}, Row{"\"3:34\"", "\"3:34 s\""},
        Row{"\"1_000\"", "\"1_000 s\""}, Row{"\"\"", "\" s\""}, Row{"true", "\"true s\""},
        Row{"[214]", "\"[214] s\""}}) {
    EXPECT_EQ(json::serialize(milliseconds(json::parse(row.seconds))), row.milliseconds)
        << row.seconds;
  }
}

TEST(JamendoRules, AlbumSlugs) {
  EXPECT_EQ(jamendo_rules::album_slug("Opera I"), "opera-i");
  EXPECT_EQ(jamendo_rules::album_slug("Low / High"), "low-high");
  EXPECT_EQ(jamendo_rules::album_slug("A  B"), "ab");
}

TEST(Describe, NamesWhatAnOperatorNeeds) {
  const auto provider = find_provider("jamendo")->make();
  const std::string page = describe_provider(provider->spec());
  EXPECT_NE(page.find("# Jamendo"), std::string::npos);
  EXPECT_NE(page.find("`providers.jamendo_key` (or `API_KEY_JAMENDO`)"), std::string::npos);
  EXPECT_EQ(json::parse(list_providers({&provider->spec()}, true)).at(0).at("command"), "jamendo");
}

TEST(Progress, SaysPagesRecordsSpeedAndErrors) {
  Totals counts;
  counts.add("pages", 12);
  counts.add("emitted", 2'400);
  counts.add("dropped.no_image", 1);
  EXPECT_EQ(progress_line("jamendo", counts, 3, 311.6),
            "jamendo  12 pages  2400 records  312/s  1 dropped  0 rejected  3 errors");
}

TEST(Rejects, ALineHasFiveMembers) {
  EXPECT_EQ(
      refusal_line({"7", "rejected", "invalid_value", "url", "no_host"}),
      R"({"foreign_identifier":"7","outcome":"rejected","reason":"invalid_value","field":"url","rule":"no_host"})");
  EXPECT_EQ(
      refusal_line({"", "dropped", "no_image", "", ""}),
      R"({"foreign_identifier":null,"outcome":"dropped","reason":"no_image","field":null,"rule":null})");
}

}  // namespace
}  // namespace freshet
