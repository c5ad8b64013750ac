#include "sinks/targets/bulk.hpp"

#include <gmock/gmock.h>

#include <functional>

#include "tests/support/catalog_records.hpp"

namespace freshet {
namespace {

using testing::kRevision;
using testing::MadeRecord;
using testing::make_audio;
using testing::make_image;

struct Lines {
  json::object action;
  json::object document;
};

Lines encode(const MadeRecord& made) {
  CatalogDecoder decoder;
  const std::string value = made.text();
  const auto record = decoder.decode({made.key, value, schema_header::kCatalog, {}, {}});
  EXPECT_TRUE(record) << record.error().message();
  std::string out;
  append_bulk_item(out, **record, "t-");
  EXPECT_EQ(out.back(), '\n');
  const auto end = out.find('\n');
  EXPECT_EQ(out.find('\n', end + 1), out.size() - 1) << "one line each";
  return {parse_json(out.substr(0, end))->as_object(),
          parse_json(std::string_view{out}.substr(end + 1, out.size() - end - 2))->as_object()};
}

TEST(EncodeDocument, HasWhatSearchingNeeds) {
  MadeRecord made = make_image("437133");
  made.derived()["hidden_tags"] = json::array{1};
  made.derived()["popularity"] = 0.25;
  made.derived()["sensitivity"] = json::array{"sensitive_text"};
  const Lines lines = encode(made);
  EXPECT_EQ(lines.action, (json::object{{"index",
                                         {{"_index", "t-image-write"},
                                          {"_id", work_identifier(made.key)},
                                          {"version", kRevision},
                                          {"version_type", "external"}}}}));
  EXPECT_EQ(lines.document,
            (json::object{{"identifier", work_identifier(made.key)},
                          {"revision", kRevision},
                          {"status", "live"},
                          {"created_on", "2026-11-21T00:19:33.120Z"},
                          {"updated_on", "2026-11-21T01:00:00.000Z"},
                          {"mature", false},
                          {"sensitivity", json::array{"sensitive_text"}},
                          {"title", "Harbour at dawn"},
                          {"description", "A quiet harbour before the boats leave."},
                          {"creator", "Åse Ødegård"},
                          {"tags", json::array{json::object{{"name", "harbour"}}}},
                          {"provider", "met"},
                          {"source", "met"},
                          {"license", "by"},
                          {"category", "photograph"},
                          {"filetype", "jpg"},
                          {"url", "https://images.example.org/met/437133.JPG"},
                          {"standardized_popularity", 25},
                          {"authority_boost", 90},
                          {"max_boost", 90},
                          {"min_boost", 25},
                          {"extension", "jpg"},
                          {"aspect_ratio", "wide"},
                          {"size", "large"}}));
}

TEST(EncodeDocument, OfAudioHasItsOwnFields) {
  const json::object document = encode(make_audio("9")).document;
  EXPECT_EQ(document.at("extension"), (json::array{"ogg", "flac"}));
  EXPECT_EQ(document.at("length"), "medium");
  EXPECT_FALSE(document.contains("size"));
  EXPECT_FALSE(document.contains("genres"));
  EXPECT_FALSE(document.contains("duration"));
}

TEST(EncodeDocument, IsAStubUnlessLive) {
  for (const char* status : {"duplicate", "removed_at_source", "blocked"}) {
    MadeRecord made = make_image("1");
    made.value["status"] = status;
    EXPECT_EQ(encode(made).document, (json::object{{"identifier", work_identifier(made.key)},
                                                   {"revision", kRevision},
                                                   {"status", status}}));
  }
}

struct Derivation {
  const char* name;
  std::function<void(MadeRecord&)> change;
  const char* field;
  json::value expected;  ///< null: absent
};
void PrintTo(const Derivation& derivation, std::ostream* out) { *out << derivation.name; }

class Derive : public ::testing::TestWithParam<Derivation> {};

TEST_P(Derive, IsAsTheIndexAlwaysHadIt) {
  MadeRecord made =
      std::string_view{GetParam().name}.starts_with("Audio") ? make_audio("1") : make_image("1");
  GetParam().change(made);
  const json::object document = encode(made).document;
  const json::value* found = document.if_contains(GetParam().field);
  EXPECT_EQ(found != nullptr ? *found : json::value{}, GetParam().expected);
}

auto sides(int width, int height) {
  return [=](MadeRecord& r) {
    r.work()["width"] = width;
    r.work()["height"] = height;
  };
}
auto url(const char* text) {
  return [=](MadeRecord& r) { r.work()["url"] = text; };
}
auto duration(int millis) {
  return [=](MadeRecord& r) { r.work()["duration"] = millis; };
}
auto popularity(double value) {
  return [=](MadeRecord& r) { r.derived()["popularity"] = value; };
}
auto drop(const char* member) {
  return [=](MadeRecord& r) { r.work().erase(member); };
}

INSTANTIATE_TEST_SUITE_P(
    All, Derive,
    ::testing::Values(
        Derivation{"SizeBelowSmall", sides(307'199, 1), "size", "small"},
        Derivation{"SizeAtSmall", sides(307'200, 1), "size", "medium"},
        Derivation{"SizeBelowMedium", sides(1'439'999, 1), "size", "medium"},
        Derivation{"SizeAtMedium", sides(1'440'000, 1), "size", "large"},
        Derivation{"SizeOfHuge", sides(2'000'000'000, 2'000'000'000), "size", "large"},
        Derivation{"SizeWithoutSide", drop("width"), "size", nullptr},
        Derivation{"RatioTall", sides(1, 2), "aspect_ratio", "tall"},
        Derivation{"RatioWide", sides(2, 1), "aspect_ratio", "wide"},
        Derivation{"RatioSquare", sides(2, 2), "aspect_ratio", "square"},
        Derivation{"RatioWithoutSide", drop("height"), "aspect_ratio", nullptr},
        Derivation{"AudioBelowShortest", duration(29'999), "length", "shortest"},
        Derivation{"AudioAtShortest", duration(30'000), "length", "short"},
        Derivation{"AudioBelowShort", duration(119'999), "length", "short"},
        Derivation{"AudioAtShort", duration(120'000), "length", "medium"},
        Derivation{"AudioBelowMedium", duration(599'999), "length", "medium"},
        Derivation{"AudioAtMedium", duration(600'000), "length", "long"},
        Derivation{"AudioOfNoLength", duration(0), "length", nullptr},
        Derivation{"AudioWithoutDuration", drop("duration"), "length", nullptr},
        Derivation{"AudioWithoutAltFiles", drop("alt_files"), "extension", "mp3"},
        Derivation{"ExtensionBehindLastDot", url("https://a.example/x.tar.GZ"), "extension", "gz"},
        Derivation{"ExtensionOfHostOnly", url("https://a.example/x"), "extension", nullptr},
        Derivation{"ExtensionEmpty", url("https://a.example/x."), "extension", nullptr},
        Derivation{"PopularityOfNothing", popularity(0), "standardized_popularity", nullptr},
        Derivation{"PopularityBelow", popularity(-1), "standardized_popularity", nullptr},
        Derivation{"PopularityTooSmallForAFloat", popularity(1e-42), "standardized_popularity",
                   nullptr},
        Derivation{"PopularityAbove", popularity(3), "standardized_popularity", 100},
        Derivation{"MaxBoostWithoutBoth", [](MadeRecord& r) { r.derived()["authority"] = nullptr; },
                   "max_boost", 1},
        Derivation{"MinBoostOfUnpopular", popularity(0.001), "min_boost", 0.1},
        Derivation{"LicenseLowerCase", [](MadeRecord& r) { r.work()["license"] = "CC0"; },
                   "license", "cc0"},
        Derivation{"MatureByReport",
                   [](MadeRecord& r) {
                     r.derived()["sensitivity"] = json::array{"user_reported_sensitivity"};
                   },
                   "mature", true},
        Derivation{"MatureByProvider",
                   [](MadeRecord& r) { r.work()["meta_data"] = json::object{{"mature", "true"}}; },
                   "mature", true},
        Derivation{
            "NotMatureByTextAlone",
            [](MadeRecord& r) { r.derived()["sensitivity"] = json::array{"sensitive_text"}; },
            "mature", false},
        Derivation{"TagsAllHidden",
                   [](MadeRecord& r) { r.derived()["hidden_tags"] = json::array{0, 1}; }, "tags",
                   nullptr},
        Derivation{"TagsWithAccuracy",
                   [](MadeRecord& r) { r.derived()["hidden_tags"] = json::array{0}; }, "tags",
                   json::array{json::object{{"name", "boat"}, {"accuracy", 0.97}}}},
        Derivation{"DescriptionMissing", drop("meta_data"), "description", nullptr},
        Derivation{"TitleMissing", drop("title"), "title", nullptr}),
    [](const auto& param) { return std::string{param.param.name}; });

TEST(EncodeDocument, CutsADescriptionByCharacters) {
  MadeRecord made = make_image("1");
  std::string text;
  for (int i = 0; i < 2001; ++i) {
    text += "ä";
  }
  made.work()["meta_data"] = json::object{{"description", text}};
  EXPECT_EQ(encode(made).document.at("description").as_string().size(), 4000U);
}

TEST(EncodeDocument, EscapesWhatJsonMust) {
  MadeRecord made = make_image("1");
  made.work()["title"] = "a \"quote\"\nand \\ more\t\x01";
  EXPECT_EQ(encode(made).document.at("title"), "a \"quote\"\nand \\ more\t\x01");
}

std::string reply(std::initializer_list<std::string_view> items) {
  std::string text = R"({"took":3,"errors":true,"items":[)";
  for (const std::string_view item : items) {
    text += text.back() == '[' ? "" : ",";
    text += R"({"index":)";
    text += item;
    text += "}";
  }
  return text + "]}";
}

TEST(ReadBulkResponse, SortsItemsByTheirOwnStatus) {
  const auto report = read_bulk_response(
      reply({R"({"status":201})", R"({"status":200})",
             R"({"status":409,"error":{"type":"version_conflict_engine_exception","reason":"x"}})",
             R"({"status":400,"error":{"type":"mapper_parsing_exception","reason":"bad"}})",
             R"({"status":429,"error":{"type":"es_rejected_execution_exception","reason":"x"}})"}),
      5);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->written, 2U);
  EXPECT_EQ(report->stale, 1U);
  ASSERT_EQ(report->rejected.size(), 2U);
  EXPECT_EQ(report->rejected[0].index, 3U);
  EXPECT_EQ(report->rejected[0].error.retry(), Retry::never);
  EXPECT_EQ(report->rejected[0].error.errc(), Errc::store_refused);
  EXPECT_EQ(report->rejected[0].error.rule(), "mapper_parsing_exception");
  EXPECT_EQ(report->rejected[1].index, 4U);
  EXPECT_EQ(report->rejected[1].error.retry(), Retry::after_backoff);
  EXPECT_EQ(report->rejected[1].error.errc(), Errc::throttled);
}

struct Refusal {
  const char* name;
  const char* item;
  Retry retry;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class JudgeItem : public ::testing::TestWithParam<Refusal> {};

TEST_P(JudgeItem, ForGoodOrForNow) {
  const auto report = read_bulk_response(reply({GetParam().item}), 1);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->rejected.size(), 1U);
  EXPECT_EQ(report->rejected[0].error.retry(), GetParam().retry);
}

INSTANTIATE_TEST_SUITE_P(
    All, JudgeItem,
    ::testing::Values(
        Refusal{"Document8", R"({"status":400,"error":{"type":"document_parsing_exception"}})",
                Retry::never},
        Refusal{
            "ImmenseTerm",
            R"({"status":400,"error":{"type":"illegal_argument_exception",)"
            R"("reason":"Document contains at least one immense term in field=\"extension\""}})",
            Retry::never},
        Refusal{"TooLarge", R"({"status":413})", Retry::never},
        Refusal{"NoWriteIndex",
                R"({"status":400,"error":{"type":"illegal_argument_exception",)"
                R"("reason":"no write index is defined for alias [image-write]"}})",
                Retry::after_backoff},
        Refusal{"IndexClosed",
                R"({"status":400,"error":{"type":"index_closed_exception","reason":"closed"}})",
                Retry::after_backoff},
        Refusal{"UnknownKindOf400", R"({"status":400,"error":{"type":"something_new"}})",
                Retry::after_backoff},
        Refusal{"IndexMissing",
                R"({"status":404,"error":{"type":"index_not_found_exception","reason":"no"}})",
                Retry::after_backoff},
        Refusal{"WriteBlock",
                R"({"status":403,"error":{"type":"cluster_block_exception","reason":"block"}})",
                Retry::after_backoff},
        Refusal{"ShardAway", R"({"status":503,"error":{"type":"unavailable_shards_exception"}})",
                Retry::after_backoff},
        Refusal{"ErrorAsText", R"({"status":500,"error":"old form"})", Retry::after_backoff}),
    [](const auto& param) { return std::string{param.param.name}; });

TEST(ReadBulkResponse, RefusesWhatIsNotOneItemPerRecord) {
  for (const auto& [body, sent] :
       std::vector<std::pair<std::string, std::size_t>>{{"", 1},
                                                        {"<html>", 1},
                                                        {"{}", 1},
                                                        {R"({"items":3})", 1},
                                                        {R"({"items":[3]})", 1},
                                                        {reply({R"({"error":{"type" 7}})"}), 1},
                                                        {reply({R"({"status":200})"}), 2},
                                                        {reply({R"({"status":200})"}), 0}}) {
    const auto report = read_bulk_response(body, sent);
    ASSERT_FALSE(report) << body;
    EXPECT_EQ(report.error().errc(), Errc::malformed_payload);
    EXPECT_EQ(report.error().retry(), Retry::after_backoff);
  }
}

TEST(JudgeBulkStatus, SplitsWhatARecordMayHaveCaused) {
  EXPECT_EQ(judge_bulk_status(200), BulkVerdict::read);
  for (const int status : {400, 413}) {
    EXPECT_EQ(judge_bulk_status(status), BulkVerdict::split);
  }
  for (const int status : {401, 403, 404, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(judge_bulk_status(status), BulkVerdict::wait);
  }
}

}  // namespace
}  // namespace freshet
