#include "app/clean_preview.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/json.hpp"

namespace freshet {
namespace {

std::string image(std::string_view more) {
  return R"({"media_type":"image","provider":"met","foreign_identifier":"1",)"
         R"("foreign_landing_url":"https://www.metmuseum.org/1","url":"https://images.metmuseum.org/1.jpg",)"
         R"("license_url":"https://creativecommons.org/publicdomain/zero/1.0/")" +
         std::string{more} + "}";
}

std::string audio(std::string_view more) {
  return R"({"media_type":"audio","provider":"jamendo","foreign_identifier":"732",)"
         R"("foreign_landing_url":"https://www.jamendo.com/track/732","url":"https://mp3d.jamendo.com/1.mp3",)"
         R"("license_url":"https://creativecommons.org/licenses/by-nc/2.0/")" +
         std::string{more} + "}";
}

const std::set<std::string> kShared = {"media_type",
                                       "foreign_identifier",
                                       "foreign_landing_url",
                                       "url",
                                       "thumbnail",
                                       "filetype",
                                       "filesize",
                                       "license",
                                       "license_version",
                                       "creator",
                                       "creator_url",
                                       "title",
                                       "meta_data",
                                       "tags",
                                       "category",
                                       "watermarked",
                                       "provider",
                                       "source",
                                       "ingestion_type"};

std::set<std::string> columns_of(const json::value& line) {
  std::set<std::string> names;
  for (const auto& member : line.as_object()) {
    names.emplace(std::string_view{member.key()});
  }
  return names;
}

TEST(CleanPreview, ALineOfAnImageHasItsColumnsAndNoOthers) {
  const CleanPreview shown = clean_preview()(image(R"(,"title":"Quail","width":640)"));
  ASSERT_EQ(shown.outcome, CleanPreview::Outcome::cleaned) << shown.reason << " " << shown.field;
  const auto line = parse_json(shown.line);
  ASSERT_TRUE(line);
  std::set<std::string> expected = kShared;
  expected.insert({"width", "height"});
  EXPECT_EQ(columns_of(*line), expected);
  EXPECT_EQ(text_at(*line, "/license"), "cc0");
  EXPECT_EQ(text_at(*line, "/title"), "Quail");
  EXPECT_EQ(value_at(*line, "/width"), 640);
  EXPECT_TRUE(line->as_object().at("height").is_null());
  EXPECT_TRUE(line->as_object().at("creator").is_null());
}

TEST(CleanPreview, ALineOfAudioHasItsColumnsAndNoOthers) {
  const CleanPreview shown = clean_preview()(audio(
      R"(,"duration":144000,"audio_set":"Opera I","audio_set_foreign_identifier":"119","set_position":6)"));
  ASSERT_EQ(shown.outcome, CleanPreview::Outcome::cleaned) << shown.reason << " " << shown.field;
  const auto line = parse_json(shown.line);
  ASSERT_TRUE(line);
  std::set<std::string> expected = kShared;
  expected.insert(
      {"duration", "bit_rate", "sample_rate", "genres", "audio_set", "set_position", "alt_files"});
  EXPECT_EQ(columns_of(*line), expected);
  EXPECT_EQ(value_at(*line, "/set_position"), 6);
  EXPECT_EQ(text_at(*line, "/audio_set/title"), "Opera I");
}

TEST(CleanPreview, TellsAnEmptyListOfGenresFromNone) {
  const auto genres = [clean = clean_preview()](std::string_view more) {
    return to_json(value_at(*parse_json(clean(audio(more)).line), "/genres"));
  };
  EXPECT_EQ(genres(""), "null");
  EXPECT_EQ(genres(R"(,"genres":[])"), "[]");
  EXPECT_EQ(genres(R"(,"genres":["rock"])"), R"(["rock"])");
}

TEST(CleanPreview, SaysWhyAWorkIsNotPassedOn) {
  const CleanFunction clean = clean_preview();
  const CleanPreview dropped = clean(
      R"({"media_type":"image","provider":"met","foreign_identifier":"1","foreign_landing_url":)"
      R"("https://a.org/1","url":"https://a.org/1.jpg","license_url":"https://example.org/all-rights-reserved"})");
  EXPECT_EQ(dropped.outcome, CleanPreview::Outcome::dropped);
  EXPECT_EQ(dropped.reason, "no_open_license");
  EXPECT_EQ(dropped.line, "");
  const CleanPreview rejected = clean(
      R"({"media_type":"image","provider":"met","foreign_landing_url":"https://a.org/1","url":)"
      R"("https://a.org/1.jpg","license_url":"https://creativecommons.org/licenses/by/4.0/"})");
  EXPECT_EQ(rejected.outcome, CleanPreview::Outcome::rejected);
  EXPECT_EQ(rejected.reason, "missing_field");
  EXPECT_EQ(rejected.field, "foreign_identifier");
  const CleanPreview broken = clean("{");
  EXPECT_EQ(broken.outcome, CleanPreview::Outcome::rejected);
  EXPECT_EQ(broken.reason, "malformed_payload");
}

TEST(RawPreview, ReadsTheEnvelopeAndCleansTheWork) {
  const RawFunction preview = raw_preview();
  const std::string seen = R"({"seen":{"fetched_at":"2026-11-20T00:00:00.000001Z","run_id":"r"},)";
  const RawPreview kept = preview(seen + R"("work":)" + image("") + "}");
  EXPECT_EQ(kept.kind, RawPreview::Kind::sighting);
  EXPECT_EQ(kept.fetched_at, "2026-11-20T00:00:00.000001Z");
  EXPECT_EQ(kept.clean.outcome, CleanPreview::Outcome::cleaned) << kept.clean.field;
  EXPECT_EQ(kept.clean.key, "image:met:1");

  const RawPreview broken = preview(seen + R"("work":)" + image("") + "");
  EXPECT_EQ(broken.clean.outcome, CleanPreview::Outcome::rejected);
  EXPECT_EQ(broken.clean.reason, "malformed_payload");
  EXPECT_EQ(broken.fetched_at, "");

  const RawPreview timeless = preview(R"({"seen":{},"work":{}})");
  EXPECT_EQ(timeless.clean.outcome, CleanPreview::Outcome::rejected);
  EXPECT_NE(timeless.clean.field, "");
}

}  // namespace
}  // namespace freshet
