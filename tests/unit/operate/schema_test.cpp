#include "operate/schema.hpp"

#include <gmock/gmock.h>

#include <functional>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/key.hpp"
#include "core/resources.hpp"
#include "tests/support/fake_http.hpp"

namespace freshet::schema {
namespace {

using test::FakeHttp;
using ::testing::Each;
using ::testing::Field;

/// As much of a cluster as `schema` asks for: templates, indexes and aliases by name.
class FakeCluster {
 public:
  Result<http::Response> answer(const http::Request& request) {
    const std::string path = request.url.substr(std::string{"http://es"}.size());
    if (request.method == http::Method::put || request.method == http::Method::post) {
      ++writes;
      return write(path, parse_json(request.body)->as_object());
    }
    return read(path);
  }

  std::map<std::string, json::object> templates;
  std::map<std::string, json::object> indexes;  ///< name → body with `mappings` and `aliases`
  int writes = 0;

 private:
  static http::Response reply(int status, const json::value& body) {
    return {status, {}, to_json(body), ""};
  }

  http::Response write(const std::string& path, json::object body) {
    if (path.starts_with("/_index_template/")) {
      templates[path.substr(17)] = std::move(body);
    } else if (path == "/_aliases") {
      for (const json::value& action : body.at("actions").as_array()) {
        const json::object& add = action.at("add").as_object();
        indexes.at(std::string{add.at("index").as_string()})["aliases"]
            .as_object()[add.at("alias").as_string()] = add;
      }
    } else {
      indexes[path.substr(1)] = std::move(body);
    }
    return reply(200, json::object{{"acknowledged", true}});
  }

  http::Response read(const std::string& path) {
    if (path.starts_with("/_index_template/")) {
      const auto found = templates.find(path.substr(17));
      return found == templates.end()
                 ? reply(404, json::object{})
                 : reply(200, {{"index_templates",
                                json::array{json::object{{"index_template", found->second}}}}});
    }
    if (const auto at = path.find("/_alias/"); at != std::string::npos) {
      json::object behind;
      for (const auto& [name, body] : indexes) {
        if (body.at("aliases").as_object().contains(path.substr(at + 8))) {
          behind[name] = json::object{};
        }
      }
      return reply(behind.empty() ? 404 : 200, behind);
    }
    const std::string name = path.substr(1, path.find('/', 1) - 1);
    const auto found = indexes.find(name);
    return found == indexes.end()
               ? reply(404, json::object{})
               : reply(200, json::object{
                                {name, json::object{{"mappings", found->second.at("mappings")}}}});
  }
};

class Indexes : public ::testing::Test {
 protected:
  FakeCluster cluster_;
  FakeHttp http_{[this](const http::Request& request) { return cluster_.answer(request); }};
  const IndexOptions options_{"http://es/", "t-", 3, 1, "1"};
};

TEST_F(Indexes, AreMadeWithTheirTemplatesAndAliases) {
  EXPECT_THAT(elasticsearch_status(http_, options_), Each(Field(&Entry::state, State::pending)));
  EXPECT_EQ(cluster_.writes, 0) << "status only looks";
  EXPECT_THAT(apply_elasticsearch(http_, options_), Each(Field(&Entry::state, State::applied)));
  EXPECT_THAT(elasticsearch_status(http_, options_), Each(Field(&Entry::state, State::applied)));
  const json::object& index = cluster_.indexes.at("t-image-1");
  EXPECT_EQ(index.at("settings").at("index").at("number_of_shards"), 3);
  EXPECT_EQ(index.at("settings").at("index").at("number_of_replicas"), 1);
  EXPECT_EQ(index.at("aliases"),
            (json::object{{"t-image", {{"filter", {{"term", {{"status", "live"}}}}}}},
                          {"t-image-write", {{"is_write_index", true}}}}));
  EXPECT_EQ(cluster_.templates.at("t-freshet-audio").at("index_patterns"),
            (json::array{"t-audio-*"}));
}

TEST_F(Indexes, AreLeftAloneTheSecondTime) {
  apply_elasticsearch(http_, options_);
  const int writes = cluster_.writes;
  IndexOptions later = options_;
  later.suffix = "2";
  EXPECT_THAT(apply_elasticsearch(http_, later), Each(Field(&Entry::state, State::applied)));
  EXPECT_EQ(cluster_.writes, writes);
  EXPECT_EQ(cluster_.indexes.size(), 2U);
}

TEST_F(Indexes, OfAnotherMappingAreReportedAndKept) {
  apply_elasticsearch(http_, options_);
  cluster_.indexes.at("t-image-1").at("mappings").as_object()["_meta"] =
      json::object{{"freshet_schema", "older"}};
  const json::object before = cluster_.indexes.at("t-image-1");
  const auto entries = apply_elasticsearch(http_, options_);
  const auto index = std::find_if(entries.begin(), entries.end(),
                                  [](const Entry& e) { return e.name == "t-image-1"; });
  ASSERT_NE(index, entries.end());
  EXPECT_EQ(index->state, State::differs);
  EXPECT_EQ(cluster_.indexes.at("t-image-1"), before);
}

TEST_F(Indexes, ATemplateOfAnotherVersionIsRenewed) {
  apply_elasticsearch(http_, options_);
  cluster_.templates.at("t-freshet-image")["_meta"] = json::object{};
  EXPECT_EQ(elasticsearch_status(http_, options_)[0].state, State::differs);
  EXPECT_EQ(apply_elasticsearch(http_, options_)[0].state, State::applied);
}

TEST_F(Indexes, AMissingAliasIsPutWhereTheOtherIs) {
  for (const char* lost : {"t-image", "t-image-write"}) {
    apply_elasticsearch(http_, options_);
    cluster_.indexes.at("t-image-1").at("aliases").as_object().erase(lost);
    IndexOptions later = options_;
    later.suffix = "2";
    EXPECT_THAT(apply_elasticsearch(http_, later), Each(Field(&Entry::state, State::applied)));
    EXPECT_EQ(cluster_.indexes.size(), 2U) << "no second index";
  }
}

TEST_F(Indexes, AnAliasOfTwoIndexesIsReported) {
  apply_elasticsearch(http_, options_);
  cluster_.indexes["t-image-2"] = cluster_.indexes.at("t-image-1");
  const auto entries = elasticsearch_status(http_, options_);
  const auto alias = std::find_if(entries.begin(), entries.end(),
                                  [](const Entry& e) { return e.name == "t-image"; });
  EXPECT_EQ(alias->state, State::differs);
}

TEST_F(Indexes, AnIndexWithTheNameOfAnAliasIsRefused) {
  cluster_.indexes["t-image-write"] = {{"mappings", json::object{}}, {"aliases", json::object{}}};
  EXPECT_THROW(apply_elasticsearch(http_, options_), RefusedError);
  EXPECT_EQ(cluster_.writes, 0);
}

TEST_F(Indexes, AClusterThatIsAwayOrRefusesIsToldApart) {
  FakeHttp away{[](const http::Request&) -> Result<http::Response> {
    return Error{Errc::unreachable, Retry::after_backoff, "refused"};
  }};
  EXPECT_THROW(elasticsearch_status(away, options_), StartupError);
  int status = 0;
  FakeHttp refusing{[&status](const http::Request& r) -> Result<http::Response> {
    return http::Response{status, {}, "{}", r.url};
  }};
  for (const int door : {401, 403}) {
    status = door;
    EXPECT_THROW(elasticsearch_status(refusing, options_), StartupError) << door;
  }
  status = 400;
  EXPECT_THROW(elasticsearch_status(refusing, options_), WorkFailed);
}

TEST(Migrations, AreNumberedWithoutGaps) {
  const auto migrations = shipped_migrations();
  ASSERT_FALSE(migrations.empty());
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    EXPECT_EQ(migrations[i].name.substr(0, 5), fmt::format("{:04}_", i + 1));
    EXPECT_FALSE(migrations[i].sql.empty());
  }
}

TEST(Migrations, ChecksumIsThatOfTheText) {
  EXPECT_EQ(checksum_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sources, HaveNameHomePageAndMediaTypes) {
  const auto sources = parse_json(resource("sources.json"));
  ASSERT_TRUE(sources);
  std::string last;
  for (const json::value& source : sources->as_array()) {
    const std::string name{source.at("name").as_string()};
    EXPECT_LT(last, name) << "in order, each once";
    last = name;
    EXPECT_THAT(name, ::testing::MatchesRegex("[a-z0-9_]+"));
    EXPECT_FALSE(source.at("display_name").as_string().empty()) << name;
    EXPECT_TRUE(source.at("source_url").as_string().starts_with("https://")) << name;
    EXPECT_FALSE(source.at("media_types").as_array().empty()) << name;
    for (const json::value& media_type : source.at("media_types").as_array()) {
      EXPECT_TRUE(parse_media_type(media_type.as_string())) << name;
    }
    EXPECT_TRUE(source.at("hidden").is_bool()) << name;
  }
}

}  // namespace
}  // namespace freshet::schema
