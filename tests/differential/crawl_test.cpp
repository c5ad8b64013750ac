#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <iostream>
#include <map>
#include <set>

#include "core/crawl/archive.hpp"
#include "core/crawl/warc_reader.hpp"
#include "processors/extract/extract_page.hpp"
#include "producers/common_crawl/wat.hpp"
#include "tests/support/differences.hpp"
#include "tests/support/fake_http.hpp"

// The crawl's files against the rows and pictures that the batch original makes of them.

namespace freshet::test {
namespace {

struct ReadFile {
  std::vector<std::string> verdicts;  ///< by member, from 0
  std::vector<CrawledPage> pages;
};

ReadFile read_wat(const std::filesystem::path& folder, const std::string& path) {
  FakeHttp http;
  const Archive archive{folder.string(), http};
  const auto source = archive.open(path);
  EXPECT_TRUE(source.has_value());
  WarcReader reader{**source};
  WatReader wat;
  ReadFile file;
  for (auto next = reader.next(); next && *next != WarcReader::Next::end; next = reader.next()) {
    if (*next == WarcReader::Next::fault) {
      file.verdicts.push_back("rejected");
      continue;
    }
    const auto verdict = wat.read(reader.record(), segment_of(path));
    if (const auto* page = std::get_if<CrawledPage>(&verdict)) {
      file.verdicts.push_back("rows");
      file.pages.push_back(*page);
    } else {
      const bool is_passed_over =
          reader.record().content.find("creativecommons.org") == std::string_view::npos;
      file.verdicts.push_back(std::holds_alternative<Error>(verdict) ? "rejected"
                              : is_passed_over                       ? "passed over"
                                                                     : "nothing");
    }
  }
  return file;
}

std::map<std::string, ReadFile> read_all(const std::filesystem::path& folder,
                                         const json::value& links) {
  std::map<std::string, ReadFile> files;
  for (const json::value& file : links.at("files").as_array()) {
    const std::string path{file.at("path").as_string()};
    files.emplace(path, read_wat(folder, path));
  }
  return files;
}

TEST(CommonCrawl, HasTheOriginalsRows) {
  FRESHET_NEED_FIXTURES(fixtures);
  const auto folder = fixtures / "common_crawl";
  const json::value links = json::parse(read_file(folder / "links.json"));
  json::array ours;
  for (const auto& [path, file] : read_all(folder, links)) {
    for (const CrawledPage& page : file.pages) {
      for (const json::object& row : page_rows(page)) {
        ours.push_back(row);
      }
    }
  }
  const json::array& theirs = links.at("rows").as_array();
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(ours[i], theirs[i]) << i;
  }
}

TEST(CommonCrawl, JudgesEachRecordAsTheOriginal) {
  FRESHET_NEED_FIXTURES(fixtures);
  const auto folder = fixtures / "common_crawl";
  const json::value links = json::parse(read_file(folder / "links.json"));
  const auto files = read_all(folder, links);
  const json::array& paths = links.at("files").as_array();
  for (const json::value& record : links.at("records").as_array()) {
    const std::string path{
        paths.at(record.at("file").to_number<std::size_t>()).at("path").as_string()};
    const auto member = record.at("member").to_number<std::size_t>();
    const std::string theirs{record.at("result").as_string()};
    const std::string& ours = files.at(path).verdicts.at(member);
    // A record without the letters makes no page, whatever else is wrong with it.
    const bool agrees = ours == theirs || ours == "passed over" ||
                        (theirs == "abort" && ours == "rejected") ||
                        (theirs == "nothing" && ours == "rejected");
    EXPECT_TRUE(theirs != "rows" || ours == "rows") << path << " " << member;
    EXPECT_TRUE(agrees) << path << " " << member << ": " << theirs << ", not " << ours;
  }
}

// A text of the original's file: backslashes are doubled there, once or twice.
json::value plain(const json::value& value) {
  if (const auto* text = value.if_string()) {
    std::string out;
    for (const char c : *text) {
      if (c != '\\' || !out.ends_with('\\')) {
        out.push_back(c);
      }
    }
    return json::value(out);
  }
  if (const auto* object = value.if_object()) {
    json::object out;
    for (const auto& [name, member] : *object) {
      out[name] = plain(member);
    }
    return out;
  }
  return value;
}

// The columns that a sighting of ours and a row of the original's file have in common.
json::object columns(const json::value& row) {
  json::object out;
  for (const char* name : {"foreign_identifier", "foreign_landing_url", "url", "thumbnail", "width",
                           "height", "license", "license_version", "creator", "creator_url",
                           "title", "meta_data", "provider", "source"}) {
    const json::value* const value = row.as_object().if_contains(name);
    out[name] = value == nullptr ? json::value(nullptr) : plain(*value);
  }
  const json::value* const mark = row.as_object().if_contains("watermarked");
  out["watermarked"] = mark != nullptr && (*mark == json::value("t") || *mark == json::value(true));
  std::set<std::string> tags;
  if (const json::value* list = row.as_object().if_contains("tags"); list && list->is_array()) {
    for (const json::value& tag : list->get_array()) {
      const std::string name{tag.is_object() ? tag.at("name").as_string() : tag.as_string()};
      if (!name.empty()) {  // an empty tag is none
        tags.insert(name);
      }
    }
  }
  out["tags"] = json::array(tags.begin(), tags.end());
  return out;
}

TEST(CommonCrawl, ExtractsTheOriginalsPictures) {
  FRESHET_NEED_FIXTURES(fixtures);
  const auto folder = fixtures / "common_crawl";
  FakeHttp http;
  const Archive archive{folder.string(), http};
  const json::value images = json::parse(read_file(folder / "images.json"));
  std::map<std::string, CrawledPage> pages;
  for (const auto& [path, file] : read_all(folder, json::parse(read_file(folder / "links.json")))) {
    for (const CrawledPage& page : file.pages) {
      pages.emplace(page.address(), page);
    }
  }
  for (const json::value& expected : images.at("pages").as_array()) {
    const std::string address{expected.at("page").as_string()};
    const CrawledPage& page = pages.at(address);
    json::array ours;
    if (!judge_page(page)) {
      const auto fragment =
          archive.read_range(page.warc_path(), static_cast<std::uint64_t>(page.content_offset),
                             static_cast<std::uint64_t>(page.deflate_length));
      ASSERT_TRUE(fragment.has_value()) << address;
      const auto outcome = extract_page(page, *fragment);
      if (outcome) {
        for (const ExtractedSighting& sighting : outcome->sightings) {
          ours.push_back(columns(json::parse(sighting.value).at("work")));
        }
      } else {
        std::cerr << address << ": " << outcome.error().message() << '\n';
      }
    }
    json::array theirs;
    for (const json::value& image : expected.at("images").as_array()) {
      theirs.push_back(columns(image));
    }
    EXPECT_EQ(json::serialize(ours), json::serialize(theirs)) << address;
  }
}

}  // namespace
}  // namespace freshet::test
