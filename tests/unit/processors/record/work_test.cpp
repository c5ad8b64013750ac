#include "processors/record/work.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/record/members.hpp"
#include "processors/record/json_slices.hpp"
#include "processors/record/json_text.hpp"

namespace freshet {
namespace {

constexpr std::string_view kImage =
    R"({"media_type":"image","provider":"met","foreign_identifier":"a:\"b\"","foreign_landing_url":"https://a.com/l",)"
    R"("url":"https://a.com/\\x.jpg","filesize":12,"license":"by","license_version":"4.0","title":"Tit\u0001le",)"
    R"("meta_data":{"a":"1","b\\":{"c":["x]",null]},"d":[]},"tags":[{"name":"n\"m","provider":"met"},)"
    R"({"name":"z","provider":"clarifai","accuracy":0.97}],"category":"photograph","watermarked":false,"width":1200})";

constexpr std::string_view kAudio =
    R"({"media_type":"audio","provider":"jamendo","foreign_identifier":"7","foreign_landing_url":"https://a.com/l",)"
    R"("url":"https://a.com/x.mp3","license":"by","license_version":"4.0","title":"é","genres":["rock",null],)"
    R"("audio_set":{"title":"S"},"alt_files":[{"bit_rate":"1","url":"u"}],"duration":3,"set_position":1,)"
    R"("audio_set_foreign_identifier":"9"})";

TEST(Work, IsWrittenAsItWasRead) {
  for (const std::string_view json : {kImage, kAudio}) {
    Arena arena;
    const Result<Work> work = parse_work(json, arena);
    ASSERT_TRUE(work) << json;
    std::string out;
    append_work(out, *work);
    EXPECT_EQ(out, json);
  }
}

TEST(Work, HasItsMembersInTheOrderOfTheRecordContract) {
  Arena arena;
  Work work{&arena};
  work.fields.fill("1");
  work.meta_data.push_back({"a", "1"});
  work.tags.push_back({"a", "b", ""});
  work.genres.push_back("1");
  work.audio_set.push_back({"a", "1"});
  work.alt_files.push_back("{}");
  work.others.push_back({"unknown", "1"});
  std::string out;
  append_work(out, work);
  std::vector<std::string> names;
  EXPECT_TRUE(each_member_slice(out, [&](std::string_view name, std::string_view /*value*/) {
    names.emplace_back(name.substr(1, name.size() - 2));
    return true;
  }));
  ASSERT_EQ(names.size(), kWorkOrder.size() + 1);
  for (std::size_t i = 0; i < kWorkOrder.size(); ++i) {
    EXPECT_EQ(names[i], kFieldSpecs[kWorkOrder[i]].name);
  }
  EXPECT_EQ(names.back(), "unknown");
}

TEST(Work, DecodesItsIdentity) {
  Arena arena;
  const Result<Work> work = parse_work(kImage, arena);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->media_type, MediaType::image);
  EXPECT_EQ(work->provider, "met");
  EXPECT_EQ(work->foreign_identifier, "a:\"b\"");
  EXPECT_EQ(work->url, "https://a.com/\\x.jpg");
  EXPECT_EQ(work->at(Field::width), "1200");
  EXPECT_EQ(work->at(Field::height), "");
  ASSERT_EQ(work->meta_data.size(), 3U);
  EXPECT_EQ(work->meta_data[1].name, "b\\");
  EXPECT_EQ(work->meta_data[1].json, R"({"c":["x]",null]})");
  ASSERT_EQ(work->tags.size(), 2U);
  EXPECT_EQ(work->tags[0].name, "n\"m");
  EXPECT_EQ(work->tags[1].accuracy, "0.97");
}

TEST(Work, RefusesWhatIsNotOne) {
  std::string text{kImage};
  for (std::size_t length = 0; length < text.size(); ++length) {
    Arena arena;
    const Result<Work> work = parse_work(std::string_view{text}.substr(0, length), arena);
    ASSERT_FALSE(work) << length;
    EXPECT_EQ(work.error().errc(), Errc::malformed_payload);
  }
  for (const std::string_view bad :
       {R"([])", R"({})", R"({"media_type":"image"})", R"(null)", R"({"nonsense":1})",
        R"({"media_type":"image","provider":"p","foreign_identifier":5,"url":"u"})",
        R"({"media_type":"video","provider":"p","foreign_identifier":"5","url":"u"})",
        R"({"media_type":"image","provider":"\x","foreign_identifier":"5","url":"u"})"}) {
    Arena arena;
    EXPECT_FALSE(parse_work(bad, arena)) << bad;
  }
}

TEST(Field, NamesAreReadBack) {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const auto field = static_cast<Field>(i);
    EXPECT_EQ(parse_field(to_string(field)), field);
  }
  EXPECT_EQ(parse_field("meta_data"), std::nullopt);
  EXPECT_EQ(to_string(Field::audio_set_foreign_identifier), "audio_set_foreign_identifier");
}

TEST(JsonText, RoundTripsEveryByteAtEveryPlace) {
  for (int c = 0; c < 128; ++c) {
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(c);
      std::string json;
      append_json_text(json, text);
      Arena arena;
      ASSERT_EQ(decode_json_text(json, arena), text) << c;
      ASSERT_EQ(first_escaped(std::string_view{json}.substr(1)) < 20,
                c < 0x20 || c == '"' || c == '\\');
    }
  }
  std::string json;
  append_json_text(json, "\x01\b\f\n\r\t\"\\/é");
  EXPECT_EQ(json, R"("\u0001\b\f\n\r\t\"\\/é")");
}

TEST(JsonText, DecodesSurrogatePairsAndRefusesHalves) {
  Arena arena;
  EXPECT_EQ(decode_json_text(R"("\ud83d\ude00\u00e9\u4e2d\/")", arena), "😀é中/");
  for (const std::string_view bad :
       {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\u12")", R"("\q")",
        R"("\")", R"(")", R"(x)", R"("x)"}) {
    EXPECT_EQ(decode_json_text(bad, arena), std::nullopt) << bad;
  }
}

TEST(FirstEscaped, IsFoundAtEveryPlace) {
  // Longer than a step of sixteen bytes, so that each way of looking is taken.
  for (std::size_t size = 0; size < 40; ++size) {
    std::string text(size, 'a');
    EXPECT_EQ(first_escaped(text), size);
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        text[at] = static_cast<char>(c);
        const bool escaped = c < 0x20 || c == '"' || c == '\\';
        ASSERT_EQ(first_escaped(text), escaped ? at : size) << size << ' ' << at << ' ' << c;
      }
      text[at] = 'a';
    }
  }
}

TEST(ParseWork, TakesFieldsInAnyOrder) {
  std::pmr::monotonic_buffer_resource arena;
  const auto work = parse_work(
      R"({"url":"https://e.org/a","title":"t","foreign_identifier":"1","provider":"p","media_type":"image"})",
      arena);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->at(Field::title), "\"t\"");
  EXPECT_EQ(work->foreign_identifier, "1");
}

}  // namespace
}  // namespace freshet
