#include "producers/tsv_line.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/json.hpp"

namespace freshet {
namespace {

std::string tabbed(std::initializer_list<std::string_view> fields) {
  std::string line;
  for (const std::string_view field : fields) {
    line += (line.empty() ? "" : "\t") + std::string{field};
  }
  return line;
}

const std::string kImage = tabbed({"id1",
                                   "https://a.com/p",
                                   "https://a.com/i.jpg",
                                   "\\N",
                                   "jpg",
                                   "12",
                                   "CC0",
                                   "1.0",
                                   "C \\\\ D",
                                   "\\N",
                                   "T\\tt",
                                   R"({"a": "x", "n": null})",
                                   R"([{"name": "z", "provider": "p"}])",
                                   "\\N",
                                   "f",
                                   "met",
                                   "met",
                                   "provider_api",
                                   "640",
                                   "\\N"});

std::string work_of(std::string_view line, MediaType media_type = MediaType::image) {
  const auto row = parse_tsv_line(line, media_type);
  if (row) {
    return row->work;
  }
  const Error error = row.error();
  return std::string{to_string(error.errc())} + ": " + error.field();
}

TEST(TsvLine, GivesTheRawWork) {
  const auto row = parse_tsv_line(kImage, MediaType::image);
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_EQ(row->key, "image:met:id1");
  EXPECT_EQ(
      row->work,
      R"({"media_type":"image","provider":"met","foreign_identifier":"id1","foreign_landing_url":"https://a.com/p",)"
      R"("url":"https://a.com/i.jpg","filetype":"jpg","filesize":12,"license":"cc0","license_version":"1.0",)"
      R"("creator":"C \\ D","title":"T\tt","meta_data":{"a":"x","n":null},"tags":[{"name":"z","provider":"p"}],)"
      R"("watermarked":false,"source":"met","ingestion_type":"provider_api","width":640})");
}

TEST(TsvLine, KnowsItsLayoutByTheNumberOfColumns) {
  const std::string old = tabbed({"id", "l", "u", "\\N", "4", "5", "\\N", "by", "4.0", "\\N", "\\N",
                                  "\\N", "\\N", "\\N", "t", "p", "commoncrawl"});
  EXPECT_EQ(
      work_of(old),
      R"({"media_type":"image","provider":"p","foreign_identifier":"id","foreign_landing_url":"l","url":"u",)"
      R"("license":"by","license_version":"4.0","watermarked":true,"source":"commoncrawl","width":4,"height":5})");
  EXPECT_NE(work_of(old + "\tcommoncrawl").find(R"("ingestion_type":"commoncrawl")"),
            std::string::npos);
  const std::string audio = tabbed({"7",
                                    "l",
                                    "u",
                                    "t",
                                    "mp3",
                                    "\\N",
                                    "by",
                                    "4.0",
                                    "\\N",
                                    "\\N",
                                    "\\N",
                                    "\\N",
                                    "\\N",
                                    "music",
                                    "\\N",
                                    "jamendo",
                                    "jamendo",
                                    "provider_api",
                                    "1000",
                                    "\\N",
                                    "44100",
                                    R"({"rock", null,b c})",
                                    R"({"title": "S"})",
                                    "2",
                                    R"([{"url": "x"}])"});
  EXPECT_EQ(
      work_of(audio, MediaType::audio),
      R"({"media_type":"audio","provider":"jamendo","foreign_identifier":"7","foreign_landing_url":"l","url":"u",)"
      R"("thumbnail":"t","filetype":"mp3","license":"by","license_version":"4.0","category":"music",)"
      R"("source":"jamendo","ingestion_type":"provider_api","duration":1000,"sample_rate":44100,)"
      R"("genres":["rock",null,"b c"],"audio_set":{"title":"S"},"set_position":2,"alt_files":[{"url":"x"}]})");
  EXPECT_NE(
      work_of(audio + "\t33", MediaType::audio).find(R"("audio_set_foreign_identifier":"33")"),
      std::string::npos);
  for (const std::string& wrong :
       {std::string{}, std::string{"a"}, old + "\ta\tb", kImage + "\tx", audio}) {
    EXPECT_EQ(work_of(wrong), "malformed_payload: line") << wrong;
  }
  EXPECT_EQ(work_of(kImage, MediaType::audio), "malformed_payload: line");
}

TEST(TsvLine, NamesTheFault) {
  const auto with = [](std::size_t column, std::string_view value) {
    std::string line;
    std::string_view rest = kImage;
    for (std::size_t i = 0; i < 20; ++i) {
      const std::size_t tab = std::min(rest.find('\t'), rest.size());
      line += (i == 0 ? "" : "\t") + std::string{i == column ? value : rest.substr(0, tab)};
      rest.remove_prefix(std::min(tab + 1, rest.size()));
    }
    return line;
  };
  EXPECT_EQ(work_of(with(0, "\\N")), "missing_field: foreign_identifier");
  EXPECT_EQ(work_of(with(0, "  ")), "missing_field: foreign_identifier");
  EXPECT_EQ(work_of(with(2, "")), "missing_field: url");
  EXPECT_EQ(work_of(with(15, "\\N")), "missing_field: provider");
  EXPECT_EQ(work_of(with(11, "{\"a\": ")), "malformed_payload: meta_data");
  EXPECT_EQ(work_of(with(12, "[x]")), "malformed_payload: tags");
  EXPECT_EQ(work_of(with(10, "\xFF")), "malformed_payload: line");
  EXPECT_EQ(work_of(with(10, "\\xff")), "malformed_payload: line");
  EXPECT_EQ(work_of(with(19, "\\")), "malformed_payload: line");
  // Values are as found: clean judges them.
  EXPECT_NE(work_of(with(18, "x")).find(R"("width":"x")"), std::string::npos);
  EXPECT_NE(work_of(with(18, "007")).find(R"("width":"007")"), std::string::npos);
  EXPECT_NE(work_of(with(14, "maybe")).find(R"("watermarked":"maybe")"), std::string::npos);
}

TEST(TsvField, IsDecodedAsPostgresDoes) {
  for (const auto& [field, text] : {std::pair{"", ""},
                                    {"a", "a"},
                                    {"\\\\N", "\\N"},
                                    {"\\b\\f\\n\\r\\t\\v", "\b\f\n\r\t\v"},
                                    {"\\101\\60x\\7", "A0x\a"},
                                    {"\\x41\\x4g\\xg", "A\x04gxg"},
                                    {"\\q\\.", "q."},
                                    {"\\1012", "A2"},
                                    {"\\8", "8"},
                                    {" \\N", " N"},
                                    {"caf\\303\\251", "café"}}) {
    const auto decoded = decode_tsv_field(field);
    ASSERT_TRUE(decoded) << field;
    EXPECT_EQ(*decoded, TsvField{text}) << field;
  }
  EXPECT_EQ(*decode_tsv_field("\\N"), TsvField{});
  EXPECT_FALSE(decode_tsv_field("a\\"));
}

TEST(ArrayLiteral, IsReadAsPostgresDoes) {
  const auto shown = [](std::string_view text) {
    const auto elements = parse_array_literal(text);
    if (!elements) {
      return std::string{"malformed"};
    }
    std::string out;
    for (const TsvField& element : *elements) {
      out += element ? "<" + *element + ">" : "null";
    }
    return out;
  };
  EXPECT_EQ(shown("{}"), "");
  EXPECT_EQ(shown("{ }"), "");
  EXPECT_EQ(shown(R"({"a", "b c"})"), "<a><b c>");
  EXPECT_EQ(shown(R"({a b , NULL,nUll,"NULL",\null})"), "<a b>nullnull<NULL><null>");
  EXPECT_EQ(shown(R"({"q\"\\,}"})"), R"(<q"\,}>)");
  EXPECT_EQ(shown(R"({"",x})"), "<><x>");
  for (const std::string_view bad : {"", "{", "a", "{a", "{a,}", "{,}", "{\"a}", "{{a}}",
                                     "{a\"b\"}", "{\"a\"b}", "{\"a\\\"}", "{a\\}"}) {
    EXPECT_EQ(shown(bad), "malformed") << bad;
  }
}

TEST(TsvLine, NeverGivesWhatIsNoJson) {
  std::mt19937 random{11};
  for (int round = 0; round < 20000; ++round) {
    std::string line = kImage;
    for (int edits = 0; edits < 4; ++edits) {
      line[random() % line.size()] = "\\\"{}[],:\tN0\x80x"[random() % 14];
    }
    const auto row = parse_tsv_line(line, MediaType::image);
    if (row) {
      ASSERT_TRUE(parse_json(row->work)) << row->work;
      ASSERT_TRUE(parse_work_key(row->key) || row->provider.find(':') != std::string::npos)
          << row->key;
    }
  }
}

}  // namespace
}  // namespace freshet
