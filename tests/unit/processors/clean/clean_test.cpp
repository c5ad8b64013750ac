#include "processors/clean/cleaner.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/record/envelope.hpp"
#include "core/resources.hpp"
#include "processors/clean/rules.hpp"
#include "processors/clean/url.hpp"
#include "tests/support/field_values.hpp"
#include "tests/unit/processors/clean/clean_fixture.hpp"

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
        FieldCase{"TitleTwice", Field::title, R"("title":"a","title":"b")",
                  "malformed_payload: work.title: duplicate_member"},
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
        FieldCase{"Negative", Field::width, R"("width":"-2.9")", "absent"},
        FieldCase{"NegativeWhole", Field::width, R"("width":-3)", "absent"},
        FieldCase{"Zero", Field::width, R"("width":0)", "absent"},
        FieldCase{"ZeroText", Field::height, R"("height":"0")", "absent"},
        FieldCase{"MinusZero", Field::width, R"("width":-0.4)", "absent"},
        FieldCase{"One", Field::width, R"("width":1)", "1"},
        FieldCase{"Underscore", Field::width, R"("width":"1_000")", "1000"},
        FieldCase{"TwoUnderscores", Field::width, R"("width":"1__0")", "absent"},
        FieldCase{"OtherDigits", Field::width, R"("width":"１٢")", "12"},
        FieldCase{"Unit", Field::width, R"("width":"12px")", "absent"},
        FieldCase{"Hexadecimal", Field::width, R"("width":"0x10")", "absent"},
        FieldCase{"Nan", Field::width, R"("width":"nan")", "absent"},
        FieldCase{"Infinite", Field::width, R"("width":"-Infinity")", "absent"},
        FieldCase{"InfiniteNumber", Field::height, R"("height":1e400)", "absent"},
        FieldCase{"TinyNumber", Field::height, R"("height":1e-400)", "absent"},
        FieldCase{"Largest", Field::height, R"("height":2147483647)", "2147483647"},
        FieldCase{"TooLarge", Field::height, R"("height":2147483648)", "absent"},
        FieldCase{"Smallest", Field::height, R"("height":-2147483648)", "absent"},
        FieldCase{"LargestOf64Bits", Field::height, R"("height":9223372036854775807)", "absent"},
        FieldCase{"Truth", Field::height, R"("height":true)", "1"},
        FieldCase{"List", Field::height, R"("height":[1])", "absent"},
        FieldCase{"SizeAlmost", Field::filesize, R"("filesize":2147483646)", "2147483646"},
        FieldCase{"SizeUnknown", Field::filesize, R"("filesize":2147483647)", "absent"},
        FieldCase{"SizeInfinite", Field::filesize, R"("filesize":1e400)", "absent"},
        FieldCase{"SizeNegative", Field::filesize, R"("filesize":-5)", "absent"},
        FieldCase{"SizeZero", Field::filesize, R"("filesize":0)", "absent"},
        FieldCase{"DurationNegative", Field::duration, R"("duration":-1012)", "absent", "audio"},
        FieldCase{"DurationZero", Field::duration, R"("duration":0.9)", "absent", "audio"},
        FieldCase{"DurationShortest", Field::duration, R"("duration":1)", "1", "audio"},
        FieldCase{"BitRateNegative", Field::bit_rate, R"("bit_rate":"-1")", "absent", "audio"},
        FieldCase{"BitRateZero", Field::bit_rate, R"("bit_rate":0)", "absent", "audio"},
        FieldCase{"SampleRateNegative", Field::sample_rate, R"("sample_rate":-44100)", "absent",
                  "audio"},
        FieldCase{"PositionNegative", Field::set_position, R"("set_position":-1)", "absent",
                  "audio"},
        FieldCase{"PositionZero", Field::set_position, R"("set_position":0)", "0", "audio"},
        FieldCase{"PositionMinusZero", Field::set_position, R"("set_position":-0.0)", "0", "audio"},
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

// What clean names as left out, `field.rule` each, and that none of it makes cleaning again differ.
std::string left_out(const std::string& work) {
  Cleaner cleaner;
  Arena arena;
  const CleanResult result = cleaner.clean(work, arena);
  const auto* const cleaned = std::get_if<Work>(&result);
  if (cleaned == nullptr) {
    return outcome(work, cleaner);
  }
  std::string once;
  append_work(once, *cleaned);
  EXPECT_EQ(outcome(once, cleaner), once);
  std::string names;
  for (const LeftOut& value : cleaned->left_out) {
    names += (names.empty() ? "" : " ") + std::string{value.field} + "." + std::string{value.rule};
  }
  return names;
}

struct LeftOutCase {
  std::string name;
  std::string members;
  std::string expected;
};

class CleanLeavesOut : public testing::TestWithParam<LeftOutCase> {};

TEST_P(CleanLeavesOut, AndSaysSo) {
  EXPECT_EQ(left_out(sighting(GetParam().members, "audio")), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, CleanLeavesOut,
    testing::Values(
        LeftOutCase{"Nothing", R"("title":"a","duration":1,"filesize":"","thumbnail":"")", ""},
        LeftOutCase{"Numbers",
                    R"("duration":-1012,"filesize":-5,"bit_rate":0,"sample_rate":"12 Hz",)"
                    R"("set_position":1e400)",
                    "filesize.range duration.range bit_rate.range sample_rate.number "
                    "set_position.range"},
        LeftOutCase{"NoNumbers", R"("duration":"214 s","bit_rate":[1],"filesize":{})",
                    "filesize.number duration.number bit_rate.number"},
        LeftOutCase{"Names", R"("category":")" + repeat("c", 81) + R"(","source":["a"])",
                    "source.text category.max_length"},
        LeftOutCase{"Filetype", R"("filetype":"svg+xml")", "filetype.max_length"},
        LeftOutCase{"Prose", R"("title":")" + repeat("t", 5001) + R"(","creator":{"a":1})",
                    "creator.text title.cut"},
        LeftOutCase{"Urls", R"("thumbnail":"http://localhost/","creator_url":7)",
                    "thumbnail.url_public_host creator_url.text"},
        LeftOutCase{"LongTag", R"("tags":["a",")" + repeat("q ", 500'500) + R"("])",
                    "tags.name.max_length"},
        LeftOutCase{"OddTags",
                    R"("tags":[{"name":"a","accuracy":1.5},{"name":"b","accuracy":-0.1},5,)"
                    R"({"name":"c","provider":")" +
                        repeat("p", 81) + R"("},{"name":"d","accuracy":"0.5"}])",
                    "tags.accuracy.range tags.accuracy.range tags.name.text "
                    "tags.provider.max_length"},
        LeftOutCase{"UnreadableAccuracies",
                    R"("tags":[{"name":"a","accuracy":"97%"},{"name":"b","accuracy":"NaN"},)"
                    R"({"name":"c","accuracy":true},{"name":"d","accuracy":[1]},)"
                    R"({"name":"e","accuracy":"inf"},{"name":"f","accuracy":null}])",
                    "tags.accuracy.number tags.accuracy.number tags.accuracy.number "
                    "tags.accuracy.number tags.accuracy.range"},
        LeftOutCase{"Genres", R"("genres":[")" + repeat("g", 81) + R"(",{"a":1},null,"x"])",
                    "genres[].max_length genres[].text"},
        LeftOutCase{"AltFiles",
                    R"("alt_files":[{"url":"u","filetype":")" + repeat("f", 40'000) +
                        R"(","bit_rate":-1,"filesize":"0","sample_rate":44100.5,"x":"-1"},7])",
                    "alt_files.bit_rate.range alt_files.filesize.range "
                    "alt_files.filetype.max_length alt_files.object"},
        LeftOutCase{"AltFileNumbers",
                    R"("alt_files":[{"duration":2147483647,"bit_rate":"fast","filesize":)"
                    R"(3000000000,"sample_rate":[1]}])",
                    "alt_files.bit_rate.number alt_files.duration.range "
                    "alt_files.sample_rate.number"},
        LeftOutCase{"ReadyMadeSet",
                    R"("audio_set":{"title":")" + repeat("t", 2001) + R"(","filesize":-1,)" +
                        R"("foreign_identifier":")" + repeat("i", 1001) + R"("})",
                    "audio_set.filesize.range audio_set.foreign_identifier.max_length "
                    "audio_set.title.cut"},
        LeftOutCase{"MadeSet",
                    R"("audio_set":"S","set_url":")" + repeat("u", 1001) +
                        R"(","audio_set_foreign_identifier":")" + repeat("i", 1001) + "\"",
                    "audio_set_foreign_identifier.max_length "
                    "audio_set.foreign_identifier.max_length "
                    "audio_set.foreign_landing_url.max_length"},
        LeftOutCase{"Description",
                    R"("meta_data":{"description":")" + repeat("d", 20'001) + R"("})",
                    "meta_data.description.cut"},
        LeftOutCase{"Descriptions",
                    R"("meta_data":{"description":[)" + repeat("\"x\",", 99) + "\"" +
                        repeat("\\\\", 10'001) + R"(","one","two"]})",
                    "meta_data.description.cut meta_data.description.max_elements "
                    "meta_data.description.max_elements"}),
    [](const auto& row) { return row.param.name; });

TEST(Clean, KeepsTheFirstTagsOfTheirOrder) {
  std::string tags;
  for (int i = 1'500; i > 0; --i) {
    tags += (tags.empty() ? "\"" : ",\"") + std::to_string(10'000 + i) + "\"";
  }
  Cleaner cleaner;
  Arena arena;
  const CleanResult result = cleaner.clean(sighting("\"tags\":[" + tags + "]"), arena);
  const Work& work = std::get<Work>(result);
  ASSERT_EQ(work.tags.size(), kMostTags);
  EXPECT_EQ(work.tags.front().name, "10001");
  EXPECT_EQ(work.tags.back().name, "10500");
  EXPECT_EQ(work.left_out.size(), 1'000U);
}

TEST(Clean, BoundsListsOfFiles) {
  std::string files;
  for (int i = 0; i < 150; ++i) {
    files += std::string{files.empty() ? "" : ","} + "{\"url\":\"" + std::to_string(i) + "\"}";
  }
  const auto work = boost::json::parse(outcome(sighting(
      "\"alt_files\":[" + files + "],\"genres\":[" + repeat("\"g\",", 149) + "\"g\"]", "audio")));
  EXPECT_EQ(work.at("alt_files").as_array().size(), 100U);
  EXPECT_EQ(work.at("genres").as_array().size(), 100U);
}

TEST(Clean, CutsDescriptionsInPlace) {
  const auto work = boost::json::parse(
      outcome(sighting(R"("meta_data":{"description":["a","é)" + repeat("é", 20'000) +
                       R"(",5,{"x":"y"}],"other":")" + repeat("o", 30'000) + R"("})")));
  const auto& meta_data = work.at("meta_data");
  EXPECT_EQ(boost::json::serialize(meta_data.at("description")),
            R"(["a",")" + repeat("é", 20'000) + R"(","5",{"x":"y"}])");
  EXPECT_EQ(meta_data.at("other").as_string().size(), 30'000U);
}

TEST(Clean, KeepsOfAnotherFileWhatIsRight) {
  const auto work = boost::json::parse(outcome(sighting(
      R"("alt_files":[{"filetype":null},{"bit_rate":-1},{"url":"u","filesize":"3.7e3","bit_rate":-1,"filetype":"wav","x":-1}])",
      "audio")));
  EXPECT_EQ(boost::json::serialize(work.at("alt_files")),
            R"([{"bit_rate":null,"filesize":"3.7e3","filetype":"wav","url":"u","x":"-1"}])");
}

TEST(Clean, LinksToTheLicenseItself) {
  for (const auto& [given, kept] :
       {std::pair{"http://creativecommons.org/licenses/by-sa/3.0/deed.de", "licenses/by-sa/3.0/"},
        {"https://creativecommons.org/licenses/by/2.0/uk/legalcode", "licenses/by/2.0/uk/"},
        {"https://creativecommons.org/publicdomain/zero/1.0/deed.en", "publicdomain/zero/1.0/"},
        {"https://creativecommons.org/licenses/by/4.0/?ref=chooser-v1", "licenses/by/4.0/"},
        {"http://creativecommons.org/licenses/by/1.0/fi/legalcode ", "licenses/by/1.0/fi/"}}) {
    const std::string once = outcome(sighting("\"license_url\":\"" + std::string{given} + "\""));
    const auto meta_data = boost::json::parse(once).at("meta_data");
    EXPECT_EQ(meta_data.at("license_url").as_string(),
              "https://creativecommons.org/" + std::string{kept});
    EXPECT_EQ(outcome(once), once);
  }
}

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

TEST(Clean, RefusesAMemberThatStandsTwice) {
  const auto twice = [](std::string_view name, std::string_view value) {
    const std::string member = '"' + std::string{name} + "\":" + std::string{value};
    return sighting(member + "," + member, "audio");
  };
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const std::string_view name = to_string(static_cast<Field>(i));
    EXPECT_EQ(outcome(twice(name, "null")),
              "malformed_payload: work." + std::string{name} + ": duplicate_member");
  }
  for (const char* name : {"meta_data", "tags", "license_url", "set_url", "set_thumbnail",
                           "audio_set", "genres", "alt_files"}) {
    EXPECT_EQ(outcome(twice(name, "[]")),
              "malformed_payload: work." + std::string{name} + ": duplicate_member");
  }
  EXPECT_EQ(outcome(sighting(R"("title":"a","t\u0069tle":"b")")),
            "malformed_payload: work.title: duplicate_member");
  EXPECT_EQ(outcome(sighting(R"("later":1,"later":2)")).substr(0, 1), "{") << "nobody reads it";
}

TEST(Clean, WithinValuesTheLastOfOneNameCountsAndOneGoesOn) {
  const std::string kept = outcome(sighting(
      R"("meta_data":{"a":"1","b":{"c":1,"c":2},"a":"3"},"tags":[{"name":"x","name":"y"}],)"
      R"("alt_files":[{"filetype":"mp3","filetype":"ogg"}])",
      "audio"));
  EXPECT_NE(kept.find(R"({"a":"3","b":{"c":"2"})"), std::string::npos) << kept;
  EXPECT_NE(kept.find(R"("tags":[{"name":"y","provider":"prov"}])"), std::string::npos) << kept;
  EXPECT_NE(kept.find(R"("alt_files":[{"filetype":"ogg"}])"), std::string::npos) << kept;
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

// The list may change: what is kept has to fit with the longer scheme too.
TEST(Clean, LimitsUrlsOfHostsWithoutTlsAsIfTheyHadIt) {
  CleanRules rules;
  rules.http_only_hosts = {"old.example.com"};
  Cleaner with{rules};
  Cleaner without;
  const std::string begin = "old.example.com/";
  const auto made = [&](std::size_t code_points, Cleaner& cleaner) {
    const std::string rest = begin + std::string(code_points - 8 - begin.size(), 'x');
    return outcome(sighting(R"("url":"http://)" + rest + "\""), cleaner);
  };
  EXPECT_EQ(made(3000, with).substr(0, 1), "{");
  EXPECT_EQ(made(3000, without).substr(0, 1), "{");
  EXPECT_EQ(made(3001, without), "invalid_value: url: max_length");
  EXPECT_EQ(made(3001, with), "invalid_value: url: max_length");
}

TEST(HttpHosts, AreWholeNamesInAnyCase) {
  const clean::HttpHosts hosts{{"Old.Example.com", "BÜCHER.example"}};
  EXPECT_TRUE(hosts.contains("OLD.example.COM"));
  EXPECT_TRUE(hosts.contains("bücher.Example"));
  EXPECT_FALSE(hosts.contains("example.com"));
  EXPECT_FALSE(hosts.contains("a.old.example.com"));
  EXPECT_FALSE(clean::HttpHosts{}.contains("old.example.com"));
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

TEST(Clean, KeepsEveryFieldOfTheRecordContract) {
  for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
    const json::object sighting = test::every_field(media_type);
    const auto cleaned = parse_json(outcome(to_json(sighting)));
    ASSERT_TRUE(cleaned) << outcome(to_json(sighting));
    for (const auto& [name, value] : sighting) {
      const json::value* const found = cleaned->as_object().if_contains(name);
      ASSERT_NE(found, nullptr) << name << " is lost by clean";
      EXPECT_EQ(*found, value) << name;
    }
  }
}

// What the scanner of raw records cuts too far is no work, so that dedupe has it read whole.
TEST(Clean, RefusesABodyWithAnotherMemberBehindIt) {
  const std::string value =
      R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"r"},"work":{"a":1},"seen":{"fetched_at":"2024-01-01T00:00:00Z"}})";
  Arena arena;
  RawReader reader;
  const auto cut = reader.read(value, arena);
  ASSERT_TRUE(cut);
  ASSERT_TRUE(cut->body_unchecked);
  Cleaner cleaner;
  const CleanResult cleaned = cleaner.clean(cut->body, arena);
  ASSERT_TRUE(std::holds_alternative<Error>(cleaned));
  EXPECT_EQ(std::get<Error>(cleaned).errc(), Errc::malformed_payload);
  const auto whole = reader.read_whole(value, arena);
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().rule(), "duplicate_member");
}

}  // namespace
}  // namespace freshet
