#include "api/items.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "core/json.hpp"

namespace freshet::api {
namespace {

constexpr const char* kId = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";

WorkRow image() {
  WorkRow row;
  row.identifier = kId;
  row.created_micros = 1709367330120045;
  row.updated_micros = 1709367331500000;
  row.seen_micros = 1709367332000000;
  row.text<Field::title>() = "Harbour at \"dawn\"";
  row.text<Field::foreign_landing_url>() = "example.org/works/17";
  row.text<Field::url>() = "https://files.example.org/17.jpg";
  row.text<Field::creator>() = "A. Painter";
  row.text<Field::creator_url>() = "//example.org/people/a-painter";
  row.text<Field::license>() = "BY";
  row.text<Field::license_version>() = "4.0";
  row.text<Field::provider>() = "examplemuseum";
  row.text<Field::source>() = "examplemuseum";
  row.text<Field::category>() = "photograph";
  row.text<Field::filetype>() = "jpg";
  row.number<Field::filesize>() = 812345;
  row.tags = R"([{"name":"harbour","provider":"examplemuseum"},{"name":"secret","provider":"x"},
                 {"name":"boat","accuracy":0.98,"provider":"rek"},{"accuracy":1},
                 {"name":"sea","accuracy":1}])";
  row.hidden_tags = "[1]";
  row.sensitivity = "[]";
  row.number<Field::width>() = 3000;
  row.number<Field::height>() = 2000;
  return row;
}

std::string item(const WorkRow& row, const ItemOptions& options,
                 const std::vector<std::string>& matched = {}) {
  std::string out;
  append_item(out, row, matched, options);
  return out;
}

const ItemOptions kImages{Media::image, "https://host", false};
const ItemOptions kAudio{Media::audio, "http://host:8080", false};

TEST(AppendItem, WritesAnImageInTheOrderOfTheWire) {
  EXPECT_EQ(
      item(image(), kImages, {"title", "tags.name"}),
      R"({"id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","title":"Harbour at \"dawn\"",)"
      R"("indexed_on":"2024-03-02T08:15:30.120045Z",)"
      R"("foreign_landing_url":"https://example.org/works/17",)"
      R"("url":"https://files.example.org/17.jpg","creator":"A. Painter",)"
      R"("creator_url":"https://example.org/people/a-painter","license":"by",)"
      R"("license_version":"4.0","license_url":"https://creativecommons.org/licenses/by/4.0/",)"
      R"("provider":"examplemuseum","source":"examplemuseum","category":"photograph",)"
      R"("filesize":812345,"filetype":"jpg","tags":[)"
      R"({"name":"harbour","accuracy":null,"unstable__provider":"examplemuseum"},)"
      R"({"name":"boat","accuracy":0.98,"unstable__provider":"rek"},)"
      R"({"name":"sea","accuracy":1.0,"unstable__provider":null}],)"
      R"("attribution":"\"Harbour at \"dawn\"\" by A. Painter is licensed under CC BY 4.0. )"
      R"(To view a copy of this license, visit https://creativecommons.org/licenses/by/4.0/.",)"
      R"("fields_matched":["title","tags.name"],"mature":false,"height":2000,"width":3000,)"
      R"("thumbnail":"https://host/v1/images/0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/thumb/",)"
      R"("detail_url":"https://host/v1/images/0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/",)"
      R"("related_url":"https://host/v1/images/0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/related/",)"
      R"("indexed_at":"2024-03-02T08:15:31.500000Z","last_seen_at":"2024-03-02T08:15:32Z",)"
      R"("unstable__sensitivity":[]})");
}

TEST(AppendItem, WritesNullsWhereAWorkSaysNothing) {
  WorkRow row;
  row.identifier = kId;
  row.created_micros = 1661621988000000;
  row.text<Field::license>() = "gpl";
  const json::value value = json::parse(item(row, kImages));
  for (const char* field :
       {"title", "foreign_landing_url", "url", "creator", "creator_url", "license_version",
        "license_url", "provider", "source", "category", "filesize", "filetype", "attribution",
        "height", "width", "last_seen_at"}) {
    EXPECT_TRUE(value.at(field).is_null()) << field;
  }
  EXPECT_EQ(value.at("tags"), json::value(json::array{}));
  EXPECT_EQ(value.at("indexed_on"), json::value("2022-08-27T17:39:48Z"));
  EXPECT_TRUE(value.at("thumbnail").is_string());
}

TEST(AppendItem, WritesAudio) {
  WorkRow row = image();
  row.genres = R"(["rock", "pop"])";
  row.alt_files =
      R"([{"url":"https://x/a.ogg","filetype":"ogg","bit_rate":"128000","filesize":"12",
           "secret":"y"},{"url":"https://x/b.wav","filetype":"wav","sample_rate":44100}])";
  row.audio_set =
      R"({"title":"Set","foreign_identifier":"9","creator":null,"filesize":"77","url":"https://s"})";
  row.number<Field::duration>() = 65000;
  row.number<Field::bit_rate>() = 128000;
  row.number<Field::sample_rate>() = 44100;
  const json::value value = json::parse(item(row, kAudio));
  std::string keys;
  for (const auto& member : value.as_object()) {
    keys += std::string{member.key()} + " ";
  }
  EXPECT_EQ(
      keys,
      "id title indexed_on foreign_landing_url url creator creator_url license "
      "license_version license_url provider source category genres filesize filetype tags "
      "alt_files attribution fields_matched mature audio_set duration bit_rate sample_rate "
      "thumbnail detail_url related_url waveform indexed_at last_seen_at unstable__sensitivity ");
  EXPECT_EQ(to_json(value.at("genres")), R"(["rock","pop"])");
  EXPECT_EQ(to_json(value.at("alt_files")),
            R"([{"url":"https://x/a.ogg","bit_rate":128000,"filesize":12,"filetype":"ogg"},)"
            R"({"url":"https://x/b.wav","filetype":"wav","sample_rate":44100}])");
  EXPECT_EQ(to_json(value.at("audio_set")),
            R"({"title":"Set","foreign_landing_url":null,"creator":null,"creator_url":null,)"
            R"("url":"https://s","filesize":77,"filetype":null})");
  EXPECT_TRUE(value.at("thumbnail").is_null());
  EXPECT_EQ(value.at("waveform"),
            json::value("http://host:8080/v1/audio/" + std::string{kId} + "/waveform/"));
}

// A field that the record contract calls shown is read for the API, and must be in its results.
TEST(AppendItem, HasEveryFieldThatTheRecordContractCallsShown) {
  for (const Media media : {Media::image, Media::audio}) {
    const MediaType media_type = media == Media::image ? MediaType::image : MediaType::audio;
    WorkRow row;
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      row.texts[i] = "https://example.org/" + std::string{kFieldSpecs[i].name};
      row.numbers[i] = 100 + static_cast<std::int64_t>(i);
    }
    const json::object shown = json::parse(item(row, {media, "https://host", false})).as_object();
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      const FieldSpec& spec = kFieldSpecs[i];
      const json::value* const found = shown.if_contains(spec.name);
      if (!spec.is_shown || !spec.is_of(media_type)) {
        EXPECT_EQ(found, nullptr) << spec.name;
        continue;
      }
      ASSERT_NE(found, nullptr) << spec.name;
      if (spec.name == "thumbnail") {
        continue;  // of our own server
      }
      if (spec.is_text()) {
        EXPECT_EQ(*found, json::value(*row.texts[i])) << spec.name;
      } else {
        EXPECT_EQ(*found, json::value(*row.numbers[i])) << spec.name;
      }
    }
  }
}

TEST(AppendItem, GivesAudioAThumbnailWhereThereIsArtwork) {
  WorkRow row = image();
  row.text<Field::thumbnail>() = "https://x/art.jpg";
  EXPECT_TRUE(json::parse(item(row, kAudio)).at("thumbnail").is_string());
}

TEST(AppendItem, AddsPeaksOnlyWhenAsked) {
  const ItemOptions with_peaks{Media::audio, "http://host", true};
  EXPECT_EQ(to_json(json::parse(item(image(), with_peaks)).at("peaks")), "[]");
  EXPECT_FALSE(json::parse(item(image(), kAudio)).as_object().contains("peaks"));
}

TEST(AppendItem, SaysWhyAWorkIsSensitive) {
  WorkRow row = image();
  row.sensitivity =
      R"(["provider_supplied_sensitivity","user_reported_sensitivity","sensitive_text"])";
  const json::value value = json::parse(item(row, kImages));
  EXPECT_EQ(value.at("mature"), json::value(true));
  EXPECT_EQ(to_json(value.at("unstable__sensitivity")),
            R"(["sensitive_text","user_reported_sensitive"])");
  row.sensitivity = R"(["provider_supplied_sensitivity"])";
  EXPECT_EQ(json::parse(item(row, kImages)).at("mature"), json::value(false));
}

TEST(BuildList, PutsWarningsFirst) {
  const WorkRow row = image();
  const std::vector<std::string> none;
  const std::string body =
      build_list({1, 1}, 20, 1, {{&row, &none}}, {{{"nope"}, {"met"}}}, kImages);
  EXPECT_TRUE(body.starts_with(
      R"({"warnings":[{"code":"partially invalid source parameter","message":"The source )"
      R"(parameter included non-existent sources. For a list of available sources, see )"
      R"(https://host/v1/images/stats/","invalid_sources":["nope"],"valid_sources":["met"]}],)"
      R"("result_count":1,"page_count":1,"page_size":20,"page":1,"results":[{"id":)"))
      << body;
  EXPECT_EQ(build_list({}, 20, 1, {}, {}, kImages),
            R"({"result_count":0,"page_count":0,"page_size":20,"page":1,"results":[]})");
}

TEST(BuildList, TellsWhereAWalkGoesOn) {
  const std::string next = "abc";
  EXPECT_EQ(build_list({50, 3}, 20, 2, {}, {}, kImages, &next),
            R"({"result_count":50,"page_count":3,"page_size":20,"page":2,"next_cursor":"abc",)"
            R"("results":[]})");
  const std::string end;
  EXPECT_NE(build_list({50, 3}, 20, 3, {}, {}, kImages, &end).find(R"("next_cursor":null)"),
            std::string::npos);
}

TEST(BuildStats, IsAPlainArray) {
  EXPECT_EQ(build_stats({{"met", "The Met", "https://m", 3, 1709367331500}}),
            R"([{"source_name":"met","display_name":"The Met","source_url":"https://m",)"
            R"("logo_url":null,"media_count":3,"last_indexed_at":"2024-03-02T08:15:31.500Z"}])");
  EXPECT_EQ(build_stats({}), "[]");
}

struct SchemeCase {
  const char* url;
  const char* fixed;
};

class WithScheme : public testing::TestWithParam<SchemeCase> {};

TEST_P(WithScheme, AddsOneOnlyWhereThereIsNone) {
  EXPECT_EQ(with_scheme(GetParam().url), GetParam().fixed);
}

INSTANTIATE_TEST_SUITE_P(All, WithScheme,
                         testing::Values(SchemeCase{"https://a.org/x", "https://a.org/x"},
                                         SchemeCase{"http://a.org", "http://a.org"},
                                         SchemeCase{"ftp://a.org", "ftp://a.org"},
                                         SchemeCase{"a.org/x", "https://a.org/x"},
                                         SchemeCase{"//a.org/x", "https://a.org/x"},
                                         SchemeCase{"a.org:8080/x", "https://a.org:8080/x"},
                                         SchemeCase{"a.org/?u=https://b.org",
                                                    "https://a.org/?u=https://b.org"},
                                         SchemeCase{"", ""}));

TEST(VisibleTagNames, LeavesHiddenAndNamelessOnesOut) {
  EXPECT_THAT(visible_tag_names(image()), testing::ElementsAre("harbour", "boat", "sea"));
}

}  // namespace
}  // namespace freshet::api
