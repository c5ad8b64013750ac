#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/http/url.hpp"
#include "producers/declared/declaration.hpp"
#include "producers/runner.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"
#include "tests/support/paths.hpp"

// Runs of declared providers: paging of each kind to its end, records of each shape.

namespace freshet::declared {
namespace {

using Pages = std::map<std::string, std::string>;  // URL and body

struct Ran {
  RunReport report;
  std::vector<std::string> works;
  Totals totals;
  std::vector<std::string> asked;
  std::vector<std::string> finished;
};

Ran run(Declaration declaration, const Pages& pages) {
  const auto provider = make_declared_provider(std::move(declaration));
  Ran ran;
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    const std::string url = http::full_url(request);
    ran.asked.push_back((request.method == http::Method::head ? "HEAD " : "") + url);
    if (request.method == http::Method::head) {
      return http::Response{200, {{"content-length", "1234"}}, "", url};
    }
    const auto found = pages.find(url);
    return found == pages.end() ? http::Response{404, {}, "", url}
                                : http::Response{200, {}, found->second, url};
  }};
  test::MemoryOutput output;
  const FakeClock clock;
  ran.report = run_provider(*provider, {},
                            {.http = http,
                             .sleep = [](std::chrono::milliseconds) { return true; },
                             .clock = clock,
                             .output = output,
                             .key = "key"});
  for (const auto& record : output.records) {
    ran.works.push_back(record.sighting.work);
  }
  for (const auto& [provider_key, totals] : output.totals) {
    ran.totals.add(totals);
  }
  for (const auto& [key, value] : output.finished) {
    ran.finished.push_back(key);
  }
  return ran;
}

Declaration with_paging(const std::string& paging, const std::string& more = "") {
  return read_declaration(
      "[provider]\ncommand = \"x\"\nendpoint = \"https://x.example/list\"\npage_size = 2\n"
      "[paging]\n" +
          paging +
          "\n[answer]\nitems = \"/items\"\n[license]\nslug = \"cc0\"\nversion = \"1.0\"\n" + more +
          "[fields]\nforeign_identifier = \"/id\"\n"
          "foreign_landing_url = { template = \"https://x.example/{/id}\" }\n"
          "url = { template = \"https://x.example/{/id}.jpg\" }\n",
      "x.toml");
}

std::string items(const std::string& ids, const std::string& more = "") {
  std::string list;
  for (const char id : ids) {
    list += (list.empty() ? "" : ",") + std::string{"{\"id\":\""} + id + "\"}";
  }
  return "{\"items\":[" + list + "]" + more + "}";
}

void expect_ids(const Ran& ran, const std::string& ids) {
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  std::string found;
  for (const std::string& work : ran.works) {
    found += text_of(value_at(*parse_json(work), "/foreign_identifier"));
  }
  EXPECT_EQ(found, ids);
  EXPECT_EQ(ran.finished, std::vector<std::string>{"run:image:x"});
}

TEST(DeclaredPaging, CountsPages) {
  expect_ids(run(with_paging("kind = \"page\"\nparameter = \"p\"\nsize_parameter = \"n\""),
                 {{"https://x.example/list?p=1&n=2", items("ab")},
                  {"https://x.example/list?p=2&n=2", items("c")},
                  {"https://x.example/list?p=3&n=2", items("")}}),
             "abc");
}

TEST(DeclaredPaging, CountsOffsets) {
  expect_ids(run(with_paging("kind = \"offset\"\nparameter = \"from\""),
                 {{"https://x.example/list?from=0", items("ab")},
                  {"https://x.example/list?from=2", items("c")},
                  {"https://x.example/list?from=4", items("")}}),
             "abc");
}

TEST(DeclaredPaging, EndsWhereTheReplySaysSo) {
  expect_ids(run(with_paging("kind = \"page\"\nparameter = \"p\"\nmore = \"/next\""),
                 {{"https://x.example/list?p=1", items("ab", ",\"next\":true")},
                  {"https://x.example/list?p=2", items("cd", ",\"next\":false")}}),
             "abcd");
  expect_ids(run(with_paging("kind = \"page\"\nparameter = \"p\"\nlast_page = \"/pages\""),
                 {{"https://x.example/list?p=1", items("ab", ",\"pages\":2")},
                  {"https://x.example/list?p=2", items("cd", ",\"pages\":2")}}),
             "abcd");
}

TEST(DeclaredPaging, FollowsCursorsAndLinks) {
  expect_ids(run(with_paging("kind = \"cursor\"\nparameter = \"after\"\nnext = \"/cursor\""),
                 {{"https://x.example/list", items("ab", ",\"cursor\":\"q 1\"")},
                  {"https://x.example/list?after=q+1", items("c", ",\"cursor\":null")}}),
             "abc");
  expect_ids(run(with_paging("kind = \"next_link\"\nnext = \"/links/next\""),
                 {{"https://x.example/list",
                   items("ab", ",\"links\":{\"next\":\"https://x.example/list?t=5&u=%20\"}")},
                  {"https://x.example/list?t=5&u=+", items("c", ",\"links\":{}")}}),
             "abc");
  expect_ids(run(with_paging("kind = \"one_list\""), {{"https://x.example/list", items("ab")}}),
             "ab");
}

TEST(DeclaredPaging, ReadsEachSet) {
  expect_ids(
      run(with_paging(
              "kind = \"one_list\"",
              "[request]\nparameters = { q = \"*\" }\nsets = [{ l = \"a\" }, { l = \"b\" }]\n"),
          {{"https://x.example/list?q=%2A&l=a", items("ab")},
           {"https://x.example/list?q=%2A&l=b", items("c")}}),
      "abc");
}

TEST(DeclaredPaging, AReplyWithoutItsListIsNoEnd) {
  const Ran ran = run(with_paging("kind = \"page\"\nparameter = \"p\""),
                      {{"https://x.example/list?p=1", "{\"message\":\"limit\"}"}});
  EXPECT_EQ(ran.report.exit_code(), 1);
  EXPECT_TRUE(ran.finished.empty());
}

Declaration example(const std::string& name) {
  return read_declaration_file(source_dir() / "producers" / "declared" / "examples" /
                               (name + ".toml"));
}

TEST(DeclaredExamples, ClevelandChoosesPictureAndDropsByReason) {
  const std::string list = R"({"info":{"total":4},"data":[
    {"id":1,"share_license_status":"CC0","url":"https://c.org/1","title":"T","creators":[{"description":"A"}],
     "images":{"web":{"url":"https://i/1.jpg","width":"893","height":"1000","filesize":"abc"}},"culture":["a",null,"b"]},
    {"id":2,"share_license_status":"Copyrighted","url":"https://c.org/2","images":{"web":{"url":"u"}}},
    {"id":3,"share_license_status":"CC0","url":"https://c.org/3","images":{"web":{"width":"1"},"full":{"url":"https://i/3.tif"}}},
    {"id":4,"share_license_status":"CC0","url":"https://c.org/4","images":{}}]})";
  const std::string base =
      "http://openaccess-api.clevelandart.org/api/artworks/?cc=1&has_image=1&skip=";
  const Ran ran = run(example("cleveland_museum"),
                      {{base + "0&limit=1000", list},
                       {base + "1000&limit=1000", R"({"info":{"total":4},"data":[]})"}});
  ASSERT_EQ(ran.works.size(), 2U) << ran.report.state.error;
  EXPECT_EQ(ran.works[0],
            R"({"media_type":"image","provider":"clevelandmuseum","foreign_identifier":"1",)"
            R"("foreign_landing_url":"https://c.org/1","url":"https://i/1.jpg","license":"cc0",)"
            R"("license_version":"1.0","creator":"A","title":"T","meta_data":{"culture":"a,b"},)"
            R"("width":893,"height":1000})");
  EXPECT_EQ(ran.totals.at("dropped.not_public_domain"), 1);
  EXPECT_EQ(ran.totals.at("dropped.no_image"), 1);
}

TEST(DeclaredExamples, StocksnapAsksForSizes) {
  const std::string list = R"({"results":[
    {"img_id":"A1","keywords":["blue","sky","x"],"author_name":"Jo","author_website":"https://stocksnap.io/",
     "author_profile":"https://stocksnap.io/author/jo","img_width":4,"img_height":3,"downloads_raw":5},
    {"img_id":"A2","keywords":[]}],"nextPage":false})";
  const Ran ran =
      run(example("stocksnap"), {{"https://stocksnap.io/api/load-photos/date/desc/1", list}});
  ASSERT_EQ(ran.works.size(), 1U) << ran.report.state.error;
  const json::value work = *parse_json(ran.works[0]);
  EXPECT_EQ(work.at("title"), "Blue Sky");
  EXPECT_EQ(work.at("foreign_landing_url"), "https://stocksnap.io/photo/blue-sky-A1");
  EXPECT_EQ(work.at("creator_url"), "https://stocksnap.io/author/jo");
  EXPECT_EQ(work.at("filesize"), 1234);
}

TEST(DeclaredExamples, VictoriaMakesAWorkPerPicture) {
  const std::string list = R"([{"id":"items/1","displayTitle":"T","keywords":["k","l"],"media":[
    {"type":"image","id":"media/1","licence":{"uri":"https://creativecommons.org/licenses/by/4.0"},
     "creators":["A","B"],"large":{"width":5},"medium":{"uri":"https://m/1.jpg","width":2,"height":1}},
    {"type":"video","id":"media/2"},{"type":"image","id":"media/3"}]},
    {"id":"items/1","media":[]}])";
  Pages pages;
  for (const char* license :
       {"public+domain", "cc+by", "cc+by-nc", "cc+by-nc-sa", "cc+by-nc-nd", "cc+by-sa"}) {
    const std::string base =
        "https://collections.museumsvictoria.com.au/api/"
        "search?hasimages=yes&page=0&perpage=100&imagelicense=";
    pages[base + license] = std::string_view{license} == "cc+by" ? list : "[]";
    pages[replace_all(base, "page=0", "page=1") + license] = "[]";
  }
  const Ran ran = run(example("museum_victoria"), pages);
  ASSERT_EQ(ran.works.size(), 1U) << ran.report.state.error;
  const json::value work = *parse_json(ran.works[0]);
  EXPECT_EQ(work.at("foreign_landing_url"), "https://collections.museumsvictoria.com.au/items/1");
  EXPECT_EQ(work.at("url"), "https://m/1.jpg");
  EXPECT_EQ(work.at("creator"), "A,B");
  EXPECT_EQ(work.at("meta_data"), *parse_json(R"({"keywords":"k,l"})"));
  EXPECT_EQ(ran.totals.at("dropped.already_seen"), 1);
  EXPECT_EQ(ran.totals.at("dropped.unsupported_media_type"), 1);
  EXPECT_EQ(ran.totals.at("dropped.no_image"), 1);
}

}  // namespace
}  // namespace freshet::declared
