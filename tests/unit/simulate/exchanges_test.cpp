#include "simulate/exchanges.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/check.hpp"
#include "simulate/recorded.hpp"

namespace freshet::simulate {
namespace {

namespace fs = std::filesystem;

/// A folder of exchanges and bodies that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "freshet-exchanges-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream{path_ / name} << text;
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

constexpr const char* kCase = R"({
  "provider": "museum", "case": "pages",
  "run": {"provider": "museum", "pages": 2, "ends": false,
          "next_params": {"key": "test-api-key-museum", "page": 3, "set": "a b"}},
  "exchanges": [
    {"request": {"method": "GET", "url": "http://API.museum.example/v1/list?key=test-api-key-museum&page=1&set=a+b"},
     "response": {"status": 200, "headers": {}, "body_file": "inputs/1.json"}},
    {"request": {"method": "GET", "url": "http://api.museum.example/v1/list?key=test-api-key-museum&page=2&set=a+b"},
     "response": {"status": 200, "headers": {}, "body_file": "inputs/2.json"}},
    {"request": {"method": "GET", "url": "https://api.museum.example/v1/find?filter[]=x&filter[]=y%2Bz&blank="},
     "response": {"status": 200, "headers": {}, "body_file": "inputs/3.json"}},
    {"request": {"method": "GET", "url": "https://api.museum.example/v1/years?date[from]=0&date[to]=200"},
     "response": {"status": 200, "headers": {}, "body_file": "inputs/4.json"}},
    {"request": {"method": "GET", "url": "https://api.museum.example/v1/more?gaistart=7"},
     "response": {"status": 200, "headers": {}, "body_file": "inputs/5.json"}},
    {"request": {"method": "GET", "url": "https://creativecommons.org/licenses/by/4.0/deed.fiä"},
     "response": {"status": 200, "headers": {}}, "of": "redirect target"},
    {"request": {"method": "HEAD", "url": "https://images.museum.example/1.jpg"},
     "response": {"status": 200, "headers": {"Content-Length": "12345"}}},
    {"request": {"method": "GET", "url": "https://api.museum.example/v1/objects/404"},
     "response": {"status": 404, "headers": {}}}
  ],
  "otherwise": [
    {"url": "http://api.museum.example/v1/list", "response": {"status": 200, "headers": {}, "body_file": "inputs/none.json"}},
    {"url": "http://api.museum.example/load/*", "response": {"status": 200, "headers": {}, "body_file": "inputs/none.json"}}
  ],
  "aliases": [{"from": "http://api.museum.example/v1/", "to": "http://api.museum.example/v2/"}]
})";

class Museum : public testing::Test {
 protected:
  Museum() {
    folder_.write("exchanges/museum/pages.json", kCase);
    for (const char* name : {"1", "2", "3", "4", "5", "none"}) {
      folder_.write(std::string{"inputs/"} + name + ".json", std::string{"body "} + name);
    }
  }
  Folder folder_;
};

struct MatchRow {
  std::string name;
  std::string method;
  std::string target;
  Match match;
  std::string body;  ///< empty: none expected
  std::vector<std::string> differences;
};

class FindsItsReply : public Museum, public testing::WithParamInterface<MatchRow> {};

TEST_P(FindsItsReply, ByTheRules) {
  const Exchanges exchanges = Exchanges::load(folder_.path(), "museum/pages");
  const MatchRow& row = GetParam();
  const Answer answer = exchanges.answer(row.method, parse_target(row.target));
  EXPECT_EQ(answer.match, row.match);
  EXPECT_EQ(answer.reply.body.value_or(""), row.body);
  EXPECT_EQ(answer.differences, row.differences);
}

const std::string kApi = "/api.museum.example/v1/";

INSTANTIATE_TEST_SUITE_P(
    Rows, FindsItsReply,
    testing::Values(
        MatchRow{"SameQueryInAnotherOrder",
                 "GET",
                 kApi + "list?set=a%20b&page=1&key=test-api-key-museum",
                 Match::exact,
                 "body 1",
                 {}},
        MatchRow{"HostInAnotherCase",
                 "GET",
                 "/Api.Museum.example/v1/list?key=test-api-key-museum&page=2&set=a+b",
                 Match::exact,
                 "body 2",
                 {}},
        MatchRow{"RepeatedNamesAreAMultiset",
                 "GET",
                 kApi + "find?filter%5B%5D=y%2Bz&filter[]=x&blank=",
                 Match::exact,
                 "body 3",
                 {}},
        MatchRow{"RepeatedNamesMustNotBeLost",
                 "GET",
                 kApi + "find?filter[]=x&blank=",
                 Match::none,
                 "not recorded\n",
                 {}},
        MatchRow{"PlusIsASpaceInAQuery",
                 "GET",
                 kApi + "find?filter[]=x&filter[]=y+z&blank=",
                 Match::none,
                 "not recorded\n",
                 {}},
        MatchRow{"AnotherApiKey",
                 "GET",
                 kApi + "list?key=secret&page=1&set=a+b",
                 Match::nearest,
                 "body 1",
                 {"key"}},
        MatchRow{
            "NoApiKey", "GET", kApi + "list?page=2&set=a+b", Match::nearest, "body 2", {"key"}},
        MatchRow{"AParameterThatOnlyOneSideSends",
                 "GET",
                 kApi + "list?key=test-api-key-museum&page=1&set=a+b&lang=en",
                 Match::nearest,
                 "body 1",
                 {"lang"}},
        MatchRow{"AbsentPageMeansTheFirst",
                 "GET",
                 kApi + "list?key=test-api-key-museum&set=a+b",
                 Match::nearest,
                 "body 1",
                 {"page"}},
        MatchRow{"TheNextPageIsNotTheFirst",
                 "GET",
                 kApi + "list?key=test-api-key-museum&page=3&set=a+b",
                 Match::otherwise,
                 "body none",
                 {}},
        MatchRow{"AnotherValueIsAnotherRequest",
                 "GET",
                 kApi + "list?page=1&set=c",
                 Match::otherwise,
                 "body none",
                 {}},
        MatchRow{"YearsMustAgree",
                 "GET",
                 kApi + "years?date[from]=0&date[to]=300",
                 Match::none,
                 "not recorded\n",
                 {}},
        MatchRow{"YearsMustBeThere",
                 "GET",
                 kApi + "years?date[from]=0",
                 Match::none,
                 "not recorded\n",
                 {}},
        MatchRow{"ContinuationIsNeverIgnored",
                 "GET",
                 kApi + "more?gaistart=7&gaicontinue=x",
                 Match::none,
                 "not recorded\n",
                 {}},
        MatchRow{"PathsAreDecoded",
                 "GET",
                 "/creativecommons.org/licenses/by/4.0/deed.fi%C3%A4",
                 Match::exact,
                 "",
                 {}},
        MatchRow{"ATrailingSlashCounts",
                 "GET",
                 kApi + "objects/404/",
                 Match::none,
                 "not recorded\n",
                 {}},
        MatchRow{"ARecordedErrorIsAnAnswer", "GET", kApi + "objects/404", Match::exact, "", {}},
        MatchRow{"OtherwiseByPrefix",
                 "GET",
                 "/api.museum.example/load/date/desc/7",
                 Match::otherwise,
                 "body none",
                 {}},
        MatchRow{"NewerPathServesTheSame",
                 "GET",
                 "/api.museum.example/v2/list?key=test-api-key-museum&page=2&set=a+b",
                 Match::exact,
                 "body 2",
                 {}},
        MatchRow{"NewerPathHasItsOtherwise",
                 "GET",
                 "/api.museum.example/v2/list?page=9",
                 Match::otherwise,
                 "body none",
                 {}},
        MatchRow{
            "HeadThatWasRecorded", "HEAD", "/images.museum.example/1.jpg", Match::exact, "", {}},
        MatchRow{"HeadThatWasNot", "HEAD", "/images.museum.example/2.jpg", Match::head, "", {}},
        MatchRow{"HeadIsNotGet", "HEAD", kApi + "list?page=1", Match::head, "", {}},
        MatchRow{"UnknownHost", "GET", "/other.example/", Match::none, "not recorded\n", {}}),
    [](const auto& row) { return row.param.name; });

TEST_F(Museum, SaysWhatItHadToAnswerLooselyOrNotAtAll) {
  RecordedCases cases{folder_.path(), {"museum/pages"}};
  cases.handle({"GET", kApi + "list?key=test-api-key-museum&page=1&set=a+b"});
  cases.handle({"GET", kApi + "list?page=1&set=a+b"});
  cases.handle({"GET", kApi + "list?page=1&set=a+b"});
  cases.handle({"GET", "/other.example/x"});
  cases.handle({"HEAD", "/other.example/x"});
  EXPECT_EQ(
      cases.report(),
      R"({"requests":5,"exact":1,"otherwise":0,"head":1,"nearest":[{"case":"museum/pages","request":"GET /api.museum.example/v1/list?page=1&set=a+b","answered_by":"api.museum.example/v1/list?key=test-api-key-museum&page=1&set=a b","differs_in":["key"],"count":2}],"unanswered":[{"case":"museum/pages","request":"GET /other.example/x","count":1}]})"
      "\n");
  EXPECT_EQ(cases.handle({"GET", "/.report"}).body, cases.report());
}

TEST_F(Museum, SeveralCasesAreMountedByName) {
  folder_.write("exchanges/museum/other.json",
                R"({"provider": "museum", "exchanges": [{"request": {"method": "GET",
                   "url": "http://api.museum.example/v1/list"},
                   "response": {"status": 200, "headers": {}, "body_file": "inputs/5.json"}}]})");
  RecordedCases cases{folder_.path(), {}};
  EXPECT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases.handle({"GET", "/museum/other/api.museum.example/v1/list"}).body, "body 5");
  EXPECT_EQ(cases.handle({"GET", "/museum/pages" + kApi + "years?date[to]=200&date[from]=0"}).body,
            "body 4");
  EXPECT_EQ(cases.handle({"GET", kApi + "list"}).status, 404);
}

TEST_F(Museum, RefusesACaseThatIsNotThere) {
  EXPECT_THROW((RecordedCases{folder_.path(), {"museum/none"}}), RefusedError);
  EXPECT_THROW((RecordedCases{folder_.path(), {"../exchanges/museum/pages"}}), RefusedError);
  folder_.write("exchanges/museum/broken.json", "{");
  EXPECT_THROW((RecordedCases{folder_.path(), {"museum/broken"}}), StartupError);
  EXPECT_THROW((RecordedCases{folder_.path() / "nowhere", {}}), StartupError);
}

TEST(Exchanges, KeepWhatARecordedHeaderSaysOfTheBody) {
  const Folder folder;
  folder.write("inputs/1.json", "[\"caf\xE9\"]");
  const auto headers = [&](const std::string& recorded) {
    folder.write("exchanges/m/c.json",
                 "\xEF\xBB\xBF{\"provider\":\"m\",\"exchanges\":[{\"request\":{\"method\":\"GET\","
                 "\"url\":\"https://m.example/a\"},\"response\":{\"status\":200,\"headers\":" +
                     recorded + ",\"body_file\":\"inputs/1.json\"}}]}");
    return Exchanges::load(folder.path(), "m/c")
        .answer("GET", {"m.example", "/a", {}})
        .reply.headers;
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(headers("{}"), (Headers{{"Content-Type", "application/json"}}));
  EXPECT_EQ(headers(R"({"content-type":"text/json; charset=latin1"})"),
            (Headers{{"content-type", "text/json; charset=latin1"}}));
}

}  // namespace
}  // namespace freshet::simulate
