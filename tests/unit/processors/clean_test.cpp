#include "processors/stages/clean.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/resources.hpp"
#include "processors/clean/rules.hpp"
#include "tests/unit/processors/clean_fixture.hpp"

namespace freshet {
namespace {

using test::field_after;
using test::outcome;
using test::sighting;

TEST(Clean, GivesAnImageItsKeptForm) {
  EXPECT_EQ(
      outcome(
          R"({"media_type":"image","provider":"met","foreign_identifier":437133,)"
          R"("foreign_landing_url":"http://a.com/p/","url":"a.com/i.JPEG","thumbnail":"//a.com/t",)"
          R"("license_url":"http://creativecommons.org/publicdomain/zero/1.0","creator":"A \"B\"",)"
          R"("title":" Still\n life ","tags":["b","a","b"],"width":1.9,"unknown":{"x":[1]}})"),
      R"({"media_type":"image","provider":"met","foreign_identifier":"437133",)"
      R"("foreign_landing_url":"https://a.com/p","url":"https://a.com/i.JPEG","thumbnail":"https://a.com/t",)"
      R"("filetype":"jpg","license":"cc0","license_version":"1.0","creator":"A 'B'","title":"Still life",)"
      R"("meta_data":{"license_url":"https://creativecommons.org/publicdomain/zero/1.0/",)"
      R"("raw_license_url":"http://creativecommons.org/publicdomain/zero/1.0"},)"
      R"("tags":[{"name":"a","provider":"met"},{"name":"b","provider":"met"}],)"
      R"("category":"digitized_artwork","watermarked":false,"source":"met",)"
      R"("ingestion_type":"provider_api","width":1})");
}

TEST(Clean, GivesATrackItsKeptForm) {
  EXPECT_EQ(
      outcome(
          R"({"media_type":"audio","provider":"jamendo","foreign_identifier":"a:b","foreign_landing_url":"https://a.com/p",)"
          R"("url":"https://a.com/i.mp3","license":"by","license_version":3,"creator":"<b>C</b>",)"
          R"("audio_set":"S","set_url":"x","set_position":"2","audio_set_foreign_identifier":9,)"
          R"("genres":["rock",null,5,{"a":1}],"alt_files":[{"url":"u","filesize":5},7,{}],)"
          R"("duration":2147483647,"bit_rate":"320000.9","width":5})"),
      R"({"media_type":"audio","provider":"jamendo","foreign_identifier":"a:b","foreign_landing_url":"https://a.com/p",)"
      R"("url":"https://a.com/i.mp3","filetype":"mp3","license":"by","license_version":"3.0","creator":"C",)"
      R"("meta_data":{"license_url":"https://creativecommons.org/licenses/by/3.0/","raw_license_url":null},)"
      R"("genres":["rock",null,"5"],"audio_set":{"creator":"<b>C</b>","creator_url":null,)"
      R"("foreign_identifier":"9","foreign_landing_url":"x","thumbnail":null,"title":"S"},)"
      R"("alt_files":[{"filesize":"5","url":"u"}],"watermarked":false,"source":"jamendo",)"
      R"("ingestion_type":"provider_api","bit_rate":320000,"set_position":2,"audio_set_foreign_identifier":"9"})");
}

struct FieldCase {
  std::string name;
  Field field;
  std::string members;
  std::string expected;
  std::string media_type = "image";
};

class CleanField : public testing::TestWithParam<FieldCase> {};

TEST_P(CleanField, KeepsDropsOrRejects) {
  EXPECT_EQ(field_after(sighting(GetParam().members, GetParam().media_type), GetParam().field),
            GetParam().expected);
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Required, CleanField,
    testing::Values(
        FieldCase{"NoMediaType", Field::media_type, R"("media_type":null)",
                  "missing_field: media_type: required"},
        FieldCase{"OtherMedia", Field::media_type, R"("media_type":"video")",
                  "invalid_value: media_type: media_type"},
        FieldCase{"NoProvider", Field::provider, R"("provider":"")",
                  "missing_field: provider: required"},
        FieldCase{"ProviderNumber", Field::provider, R"("provider":5)",
                  "invalid_value: provider: text"},
        FieldCase{"ProviderColon", Field::provider, R"("provider":"a:b")",
                  "invalid_value: provider: no_colon"},
        FieldCase{"NoIdentifier", Field::foreign_identifier, R"("foreign_identifier":null)",
                  "missing_field: foreign_identifier: required"},
        FieldCase{"BlankIdentifier", Field::foreign_identifier, R"("foreign_identifier":" \b ")",
                  "missing_field: foreign_identifier: required"},
        FieldCase{"IdentifierFloat", Field::foreign_identifier, R"("foreign_identifier":5.0)",
                  R"("5.0")"},
        FieldCase{"IdentifierBig", Field::foreign_identifier,
                  R"("foreign_identifier":123456789012345678901)", R"("123456789012345678901")"},
        FieldCase{"IdentifierList", Field::foreign_identifier, R"("foreign_identifier":["a"])",
                  "invalid_value: foreign_identifier: text"},
        FieldCase{"IdentifierBool", Field::foreign_identifier, R"("foreign_identifier":true)",
                  "invalid_value: foreign_identifier: text"},
        FieldCase{"IdentifierNul", Field::foreign_identifier, R"("foreign_identifier":"a\u0000b")",
                  "invalid_value: foreign_identifier: no_nul"},
        FieldCase{"IdentifierQuote", Field::foreign_identifier, R"("foreign_identifier":" q\"\\ ")",
                  R"("q'\\")"},
        FieldCase{"IdentifierLongest", Field::foreign_identifier,
                  R"("foreign_identifier":")" + repeat("é", 3000) + "\"",
                  "\"" + repeat("é", 3000) + "\""},
        FieldCase{"IdentifierTooLong", Field::foreign_identifier,
                  R"("foreign_identifier":")" + repeat("x", 3001) + "\"",
                  "invalid_value: foreign_identifier: max_length"},
        FieldCase{"LandingMissing", Field::foreign_landing_url, R"("foreign_landing_url":"")",
                  "missing_field: foreign_landing_url: required"},
        FieldCase{"LandingTooLong", Field::foreign_landing_url,
                  R"("foreign_landing_url":"https://a.com/)" + repeat("x", 987) + "\"",
                  "invalid_value: foreign_landing_url: max_length"},
        FieldCase{"UrlLocal", Field::url, R"("url":"http://localhost/x.jpg")",
                  "invalid_value: url: url_public_host"},
        FieldCase{"UrlSpace", Field::url, R"("url":"https://a.com/a b")",
                  "invalid_value: url: url_without_space"},
        FieldCase{"UrlTab", Field::url, R"("url":"https://a.com/a\tb")",
                  "invalid_value: url: url_characters"},
        FieldCase{"UrlQuote", Field::url, R"("url":"https://a.com/\"")",
                  "invalid_value: url: url_characters"},
        FieldCase{"UrlBackslash", Field::url, R"("url":"https://a.com/\\x.png")",
                  "invalid_value: url: url_characters"},
        FieldCase{"UrlNumber", Field::url, R"("url":7)", "invalid_value: url: text"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Texts, CleanField,
    testing::Values(
        FieldCase{"TitleNumber", Field::title, R"("title":5.0)", R"("5.0")"},
        FieldCase{"TitleBool", Field::title, R"("title":true)", R"("True")"},
        FieldCase{"TitleList", Field::title, R"("title":["a"])", "absent"},
        FieldCase{"TitleEmpty", Field::title, R"("title":"")", R"("")"},
        FieldCase{"TitleNul", Field::title, R"("title":"a\u0000b")", R"("ab")"},
        FieldCase{"TitleControl", Field::title, R"("title":"a\u0001b")", R"("a\u0001b")"},
        FieldCase{"TitleEscapes", Field::title, R"("title":"\u00e9\/\ud83d\ude00")", R"("é/😀")"},
        FieldCase{"TitleLastWins", Field::title, R"("title":"a","title":"b")", R"("b")"},
        FieldCase{"TitleCut", Field::title, R"("title":")" + repeat("é", 5001) + "\"",
                  "\"" + repeat("é", 5000) + "\""},
        FieldCase{"TitleCutBeforeSpace", Field::title, R"("title":")" + repeat("x", 4999) + " y\"",
                  "\"" + repeat("x", 4999) + "\""},
        FieldCase{"CreatorCutOnBackslash", Field::creator,
                  R"("creator":")" + repeat("x", 1999) + R"(\\y")",
                  "\"" + repeat("x", 1999) + "\""},
        FieldCase{"CategoryGiven", Field::category, R"("category":"illustration","provider":"met")",
                  R"("illustration")"},
        FieldCase{"CategoryDefault", Field::category, R"("category":"","provider":"met")",
                  R"("digitized_artwork")"},
        FieldCase{"CategoryNone", Field::category, R"("category":null)", "absent"},
        FieldCase{"CategoryTooLong", Field::category, R"("category":")" + repeat("x", 81) + "\"",
                  "absent"},
        FieldCase{"SourceDefault", Field::source, R"("source":" ")", R"("prov")"},
        FieldCase{"SourceGiven", Field::source, R"("source":"museum")", R"("museum")"},
        FieldCase{"CrawledType", Field::ingestion_type, R"("source":"commoncrawl")",
                  R"("commoncrawl")"},
        FieldCase{"GivenType", Field::ingestion_type, R"("ingestion_type":"sql_bulk_load")",
                  R"("sql_bulk_load")"},
        FieldCase{"SetIdentifierTooLong", Field::audio_set_foreign_identifier,
                  R"("audio_set_foreign_identifier":")" + repeat("x", 1001) + "\"", "absent",
                  "audio"},
        FieldCase{"NoSetForImages", Field::audio_set_foreign_identifier,
                  R"("audio_set_foreign_identifier":"1")", "absent"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Numbers, CleanField,
    testing::Values(
        FieldCase{"Whole", Field::width, R"("width":1200)", "1200"},
        FieldCase{"Text", Field::width, R"("width":" 1e3 ")", "1000"},
        FieldCase{"Negative", Field::width, R"("width":"-2.9")", "-2"},
        FieldCase{"MinusZero", Field::width, R"("width":-0.4)", "0"},
        FieldCase{"Underscore", Field::width, R"("width":"1_000")", "1000"},
        FieldCase{"TwoUnderscores", Field::width, R"("width":"1__0")", "absent"},
        FieldCase{"OtherDigits", Field::width, R"("width":"１٢")", "12"},
        FieldCase{"Unit", Field::width, R"("width":"12px")", "absent"},
        FieldCase{"Hexadecimal", Field::width, R"("width":"0x10")", "absent"},
        FieldCase{"Nan", Field::width, R"("width":"nan")", "absent"},
        FieldCase{"Infinite", Field::width, R"("width":"-Infinity")",
                  "invalid_value: width: finite"},
        FieldCase{"InfiniteNumber", Field::height, R"("height":1e400)",
                  "invalid_value: height: finite"},
        FieldCase{"TinyNumber", Field::height, R"("height":1e-400)", "0"},
        FieldCase{"Largest", Field::height, R"("height":2147483647)", "2147483647"},
        FieldCase{"TooLarge", Field::height, R"("height":2147483648)", "absent"},
        FieldCase{"Smallest", Field::height, R"("height":-2147483648)", "-2147483648"},
        FieldCase{"Truth", Field::height, R"("height":true)", "1"},
        FieldCase{"List", Field::height, R"("height":[1])", "absent"},
        FieldCase{"SizeAlmost", Field::filesize, R"("filesize":2147483646)", "2147483646"},
        FieldCase{"SizeUnknown", Field::filesize, R"("filesize":2147483647)", "absent"},
        FieldCase{"SizeInfinite", Field::filesize, R"("filesize":1e400)", "absent"},
        FieldCase{"SizeText", Field::filesize, R"("filesize":"5")", "5"},
        FieldCase{"DurationUnknown", Field::duration, R"("duration":2147483647)", "absent",
                  "audio"},
        FieldCase{"MalformedNumber", Field::width, R"("width":01)", "malformed_payload: : "},
        FieldCase{"WatermarkedText", Field::watermarked, R"("watermarked":"T")", "true"},
        FieldCase{"WatermarkedOne", Field::watermarked, R"("watermarked":1.0)", "true"},
        FieldCase{"WatermarkedShout", Field::watermarked, R"("watermarked":"TRUE")", "false"},
        FieldCase{"WatermarkedNull", Field::watermarked, R"("watermarked":null)", "false"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Filetypes, CleanField,
    testing::Values(
        FieldCase{"Given", Field::filetype, R"("filetype":"JPEG","url":"https://a.com/x.png")",
                  R"("jpg")"},
        FieldCase{"Guessed", Field::filetype, R"("url":"https://a.com/x.tiFF?y=.png")",
                  R"("tiff")"},
        FieldCase{"NotFromQuery", Field::filetype, R"("url":"https://a.com/?f=x.gif")", "absent"},
        FieldCase{"TooLongIsGuessed", Field::filetype,
                  R"("filetype":"svg+xml","url":"https://a.com/x.svg")", R"("svg")"},
        FieldCase{"Opus", Field::filetype, R"("url":"https://a.com/x.opus")", R"("oga")", "audio"},
        FieldCase{"Midi", Field::filetype, R"("filetype":"midi")", R"("mid")", "audio"},
        FieldCase{"OtherMedium", Field::filetype, R"("url":"https://a.com/x.mp3")",
                  "invalid_value: filetype: media_type"},
        FieldCase{"GivenBeatsOtherMedium", Field::filetype,
                  R"("filetype":"png","url":"https://a.com/x.mp3")", R"("png")"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    OptionalUrls, CleanField,
    testing::Values(
        FieldCase{"Local", Field::thumbnail, R"("thumbnail":"http://localhost/t")", "absent"},
        FieldCase{"Space", Field::creator_url, R"("creator_url":"https://a.com/a b")", "absent"},
        FieldCase{"Bare", Field::creator_url, R"("creator_url":"a.com/u/")",
                  R"("https://a.com/u")"},
        FieldCase{"WordPressSlash", Field::creator_url,
                  R"("provider":"wordpress","creator_url":"http://a.com/u/")",
                  R"("https://a.com/u/")"},
        FieldCase{"Longest", Field::creator_url,
                  R"("creator_url":"https://a.com/)" + repeat("é", 1986) + "\"",
                  "\"https://a.com/" + repeat("é", 1986) + "\""},
        FieldCase{"TooLong", Field::creator_url,
                  R"("creator_url":"https://a.com/)" + repeat("é", 1987) + "\"", "absent"}),
    [](const auto& row) { return row.param.name; });

TEST(Clean, DropsWhatHasNoOpenLicense) {
  for (
      const std::string_view more :
      {R"("license_url":"https://example.com/license")", R"("license_url":null)",
       R"("license_url":null,"license":"by","license_version":null)",
       R"("license_url":null,"license":"BY","license_version":"4.0")",
       R"("license_url":"https://a.com/","meta_data":{"license_url":"https://creativecommons.org/licenses/by/4.0/"})"}) {
    EXPECT_EQ(outcome(sighting(more)), "dropped: no_open_license") << more;
  }
}

// The licence of a sighting without `license_url`, which is how a cleaned record comes back.
TEST(Clean, FindsTheLicenseOfACleanedRecord) {
  const auto licence = [](std::string_view more) {
    const std::string text = sighting("\"license_url\":null," + std::string{more});
    const auto work = boost::json::parse(outcome(text)).as_object();
    return std::string{work.at("license").as_string()} + " " +
           std::string{work.at("license_version").as_string()} + " " +
           boost::json::serialize(work.at("meta_data"));
  };
  EXPECT_EQ(
      licence(R"("meta_data":{"raw_license_url":"http://creativecommons.org/licenses/by/3.0/us"})"),
      R"(by 3.0 {"license_url":"https://creativecommons.org/licenses/by/3.0/us/",)"
      R"("raw_license_url":"http://creativecommons.org/licenses/by/3.0/us"})");
  EXPECT_EQ(
      licence(R"("license":"by","license_version":"2.1",)"
              R"("meta_data":{"license_url":"https://creativecommons.org/licenses/by/2.0/"})"),
      R"(by 2.1 {"license_url":"https://creativecommons.org/licenses/by/2.0/","raw_license_url":null})");
  EXPECT_EQ(licence(R"("license":"cc0","license_version":"1.0",)"
                    R"("meta_data":{"raw_license_url":"https://a.com/terms"})"),
            R"(cc0 1.0 {"license_url":"https://creativecommons.org/publicdomain/zero/1.0/",)"
            R"("raw_license_url":"https://a.com/terms"})");
}

TEST(Clean, TurnsLeavesOfMetaDataIntoTexts) {
  const std::string kept = outcome(sighting(
      R"("meta_data":{"z":1,"z":2,"a":[1.50,true,null,{"y":1e21,"b":" x "}],"e":{},"big":123456789012345678901,)"
      R"("k\u0000\\":"\\","n":null})"));
  EXPECT_NE(kept.find(R"("meta_data":{"a":["1.5","True",null,{"b":"x","y":"1e+21"}],)"
                      R"("big":"123456789012345678901","e":{},"k\\":"\\","license_url":)"),
            std::string::npos)
      << kept;
  EXPECT_NE(
      kept.find(
          R"("n":null,"raw_license_url":"https://creativecommons.org/licenses/by/4.0/","z":"2"})"),
      std::string::npos)
      << kept;
  EXPECT_EQ(outcome(sighting(R"("meta_data":"x")")), outcome(sighting()));
}

TEST(Clean, RefusesWhatIsNotAnObject) {
  Cleaner cleaner;
  for (const std::string_view bad : {"",
                                     " ",
                                     "[]",
                                     "null",
                                     "{",
                                     "{}x",
                                     R"({"a":1}})",
                                     R"({"a":1}{"b":2})",
                                     R"({"a" 1})",
                                     R"({"a":tru})",
                                     R"({"title":"\ud800"})",
                                     R"({"title":"\q"})",
                                     "{\"title\":\"\xFF\"}",
                                     "{\"title\":\"a\nb\"}",
                                     R"({"title":"a)",
                                     R"({"width":1.})",
                                     R"({"width":-})",
                                     R"({"meta_data":{"a":nul}})",
                                     R"({"title":"a":1},"width":2})",
                                     R"({"meta_data":{"a":"b":1},"c":2}})",
                                     R"({"tags":["a":1]})"}) {
    EXPECT_EQ(outcome(bad, cleaner), "malformed_payload: : ") << bad;
  }
  EXPECT_EQ(outcome("{}", cleaner), "missing_field: media_type: required");
  // A refused record leaves nothing behind.
  EXPECT_EQ(outcome(sighting(), cleaner), outcome(sighting()));
}

TEST(Clean, RefusesDeepNesting) {
  const auto nested = [](std::size_t depth) {
    return sighting("\"meta_data\":{\"x\":" + repeat("[", depth) + "1" + repeat("]", depth) + "}");
  };
  EXPECT_EQ(outcome(nested(99)).substr(0, 1), "{");
  EXPECT_EQ(outcome(nested(100)), "invalid_value: work: max_depth");
  EXPECT_EQ(outcome(nested(900)), "invalid_value: work: max_depth");
}

TEST(Clean, TakesHostsWithoutTlsFromItsRules) {
  CleanRules rules;
  rules.http_only_hosts = {"old.example.com"};
  Cleaner cleaner{rules};
  const std::string kept = outcome(
      sighting(R"("url":"https://OLD.example.com/x","creator_url":"http://new.example.com/y")"),
      cleaner);
  EXPECT_NE(kept.find(R"("url":"http://OLD.example.com/x")"), std::string::npos) << kept;
  EXPECT_NE(kept.find(R"("creator_url":"https://new.example.com/y")"), std::string::npos) << kept;
}

TEST(CleanRules, AreReadAndShipped) {
  EXPECT_TRUE(parse_clean_rules(resource("rules.json")));
  const auto rules = parse_clean_rules(R"({"http_only_hosts":["a.com"],"other":1})");
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->http_only_hosts, std::vector<std::string>{"a.com"});
  for (const std::string_view bad : {"", "{}", "[]", R"({"http_only_hosts":[1]})"}) {
    EXPECT_FALSE(parse_clean_rules(bad)) << bad;
  }
}

}  // namespace
}  // namespace freshet
