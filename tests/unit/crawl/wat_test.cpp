#include "producers/common_crawl/wat.hpp"

#include <gmock/gmock.h>

#include "tests/support/crawl_files.hpp"

namespace freshet {
namespace {

using test::wat_json;

// One line on what a WAT record of this JSON makes.
class WatRecord {
 public:
  explicit WatRecord(std::string json, const char* type = "application/json")
      : content_{std::move(json)} {
    header_ = std::string{"WARC/1.0\r\nContent-Type: "} + type + "\r\n";
    size_ = content_.size();
    content_.append(64, '\0');
    WarcRecord record;
    record.header = header_;
    record.content = std::string_view{content_}.substr(0, size_);
    verdict_ = reader_.read(record, "crawl-data/C/segments/1");
  }

  std::string what() const {
    if (const auto* drop = std::get_if<CrawlDrop>(&verdict_)) {
      return std::string{to_string(*drop)};
    }
    if (const auto* error = std::get_if<Error>(&verdict_)) {
      return "!" + error->field() + "." + error->rule();
    }
    return "page";
  }
  const CrawledPage& page() const { return std::get<CrawledPage>(verdict_); }

 private:
  std::string content_;
  std::string header_;
  std::size_t size_ = 0;
  WatReader reader_;
  CrawlVerdict verdict_;
};

constexpr const char* kLicence =
    R"({"path":"A@/href","url":"http://creativecommons.org/licenses/by/3.0/"})";

std::string with_links(const std::string& links) {
  return wat_json("http://odd.example.org/a?b", "f.warc.gz", {100, 20}, "[" + links + "]");
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(WatReader, MakesAPageOfALicenceLink) {
  const WatRecord record{with_links(kLicence)};
  ASSERT_EQ(record.what(), "page");
  const CrawledPage& page = record.page();
  EXPECT_EQ(page.provider_domain, "odd.example.org");
  EXPECT_EQ(page.content_path, "/a");
  EXPECT_EQ(page.content_query_string, "b");
  EXPECT_EQ(page.content_offset, 100);
  EXPECT_EQ(page.deflate_length, 20);
  EXPECT_EQ(page.warc_filename, "f.warc.gz");
  EXPECT_EQ(page.warc_segment, "crawl-data/C/segments/1");
  EXPECT_EQ(page.crawled_at, "2024-02-20T22:13:07Z");
  ASSERT_EQ(page.licences.size(), 1U);
  EXPECT_EQ(page.licences[0].cc_domain, "creativecommons.org");
  EXPECT_EQ(page.licences[0].cc_license, "/licenses/by/3.0/");
  EXPECT_EQ(page.licences[0].html_path, "A@/href");
}

TEST(WatReader, CountsPicturesAndForeignHosts) {
  const WatRecord record{with_links(
      R"({"path":"IMG@/src","url":"/a.png"},{"path":"IMG@/src","url":"/a.png"},)"
      R"({"path":"IMG@/srcset","url":"/b.png 2x"},{"path":"INPUT@/src","url":"/c.png"},)"
      R"({"path":"A@/href","url":"http://odd.example.org/x"},)"
      R"({"path":"A@/href","url":"http://xodd.example.org/x"},)"
      R"({"path":"A@/href","url":"http://b.org/?u=odd.example.org"},)"
      R"({"path":"A@/href","url":"http://b.org/1"},{"path":"A@/hreflang","url":"http://b.org/2"},)"
      R"({"path":"A@/href","url":"/c"},{"path":"LINK@/href","url":"http://d.org/"},)"
      R"({"path":"A@/href","text":"no address"},)" +
      std::string{kLicence})};
  ASSERT_EQ(record.what(), "page");
  EXPECT_EQ(record.page().images, 2);
  const std::vector<std::pair<std::string, std::int64_t>> hosts{{"b.org", 2},
                                                                {"creativecommons.org", 1}};
  EXPECT_EQ(record.page().links, hosts);
}

TEST(WatReader, FindsLettersBehindEscapes) {
  const WatRecord record{
      with_links(R"({"path":"A@/href","url":"http:\/\/\u0063reativecommons.org\/licenses\/"})")};
  ASSERT_EQ(record.what(), "page");
  EXPECT_EQ(record.page().licences[0].cc_domain, "creativecommons.org");
}

TEST(WatReader, TakesTheNumbersAsTextWithSpaceAroundThem) {
  const WatRecord record{replaced(with_links(kLicence), "\"100\"", "\" +4_711 \"")};
  ASSERT_EQ(record.what(), "page");
  EXPECT_EQ(record.page().content_offset, 4711);
}

TEST(WatReader, SaysWhyThereIsNoPage) {
  const std::string good = with_links(kLicence);
  EXPECT_EQ((WatRecord{good, "text/plain"}).what(), "not_metadata");
  EXPECT_EQ(WatRecord{with_links("")}.what(), "no_licence_link");
  EXPECT_EQ(WatRecord{with_links(R"({"path":"A@/href","text":"creativecommons.org"})")}.what(),
            "no_licence_link");
  EXPECT_EQ(WatRecord{replaced(good, "\"response\"", "\"request\"")}.what(), "not_response");
  EXPECT_EQ(WatRecord{replaced(good, "\"Links\"", "\"Other\"")}.what(), "no_html");
}

TEST(WatReader, RejectsOnePageWhereTheOriginalLostItOrTheFile) {
  const std::string good = with_links(kLicence);
  const std::vector<std::pair<std::string, std::string>> rows{
      {replaced(good, "\"Offset\"", "\"Offsets\""), "!Offset.required"},
      {replaced(good, "\"100\"", "100"), "!Offset.required"},
      {replaced(good, "\"100\"", "\"1x\""), "!Offset.integer"},
      {replaced(good, "\"100\"", "\"\""), "!Offset.integer"},
      {replaced(good, "\"Filename\"", "\"Name\""), "!Filename.required"},
      {replaced(good, "\"20\"", "\"9.5\""), "!Deflate-Length.integer"},
      {replaced(good, "\"WARC-Target-URI\"", "\"URI\""), "!WARC-Target-URI.required"},
      {replaced(good, "\"WARC-Type\"", "\"Type\""), "!WARC-Type.required"},
      {replaced(good, "HTTP-Response-Metadata", "Other"), "!HTTP-Response-Metadata.required"},
      {wat_json("http://a.org/creativecommons.org", "f", {1, 2}, "null"), "!Links.array"},
      {with_links(kLicence + std::string{",{\"path\":\"A@/href\",\"url\":null}"}), "!url.type"},
      {with_links(kLicence + std::string{",null"}), "!Links.object"},
      {with_links(R"({"url":"http://creativecommons.org/"})"), "!path.required"},
      {with_links(kLicence + std::string{",{\"url\":\"/x\"}"}), "!path.required"},
      {with_links(kLicence + std::string{",{\"path\":\"A@/href\",\"url\":\"http://[x/\"}"}),
       "!url.url"},
      {good.substr(0, good.size() - 1), "!.json"},
  };
  for (const auto& [json, what] : rows) {
    EXPECT_EQ(WatRecord{json}.what(), what) << json;
  }
}

TEST(WatReader, PassesPagesWithoutLicenceWhateverElseIsOddAboutThem) {
  EXPECT_EQ(WatRecord{with_links(R"({"url":"http://no-cc.example/"})")}.what(), "no_licence_link");
}

TEST(SegmentOf, IsThePathBeforeTheKindOfFile) {
  EXPECT_EQ(segment_of("crawl-data/C/segments/1.2/wat/f.warc.wat.gz"), "crawl-data/C/segments/1.2");
  EXPECT_EQ(segment_of("/mnt/x/crawl-data/C/segments/1.2/warc/f.warc.gz"),
            "crawl-data/C/segments/1.2");
}

TEST(ReadWarcRecord, FindsTheLinksOfAPage) {
  const std::string content =
      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><a "
      "href='https://creativecommons.org/licenses/by/4.0/'>x</a><img src='/a.png'><a "
      "href='http://b.org/'>b</a></body></html>";
  WarcRecord record;
  record.header =
      "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.org/x\r\n"
      "WARC-Date: 2024-02-20T22:13:07Z\r\n";
  record.content = content;
  record.offset = 7;
  record.length = 300;
  const auto verdict = read_warc_record(record, "crawl-data/C/segments/1/warc/f.warc.gz");
  ASSERT_TRUE(std::holds_alternative<CrawledPage>(verdict));
  const auto& page = std::get<CrawledPage>(verdict);
  EXPECT_EQ(page.licences.at(0).html_path, "A@/href");
  EXPECT_EQ(page.images, 1);
  EXPECT_EQ(page.links.size(), 2U);
  EXPECT_EQ(page.warc_path(), "crawl-data/C/segments/1/warc/f.warc.gz");
  EXPECT_EQ(page.content_offset, 7);
  EXPECT_EQ(page.deflate_length, 300);
  record.length = 0;
  EXPECT_EQ(std::get<Error>(read_warc_record(record, "f")).rule(), "member_per_record");
}

}  // namespace
}  // namespace freshet
