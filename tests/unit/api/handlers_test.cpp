#include "api/handlers.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <boost/json/parse.hpp>

#include "core/json.hpp"

namespace freshet::api {
namespace {

constexpr const char* kId = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
constexpr const char* kOther = "1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";

/// Answers every search with the same text, or with an error.
class FakeIndex final : public SearchIndex {
 public:
  Task<Result<std::string>> search(Media, std::string request, std::string) override {
    last_request = request;
    co_return answer;
  }
  Task<Result<std::string>> health(std::chrono::milliseconds) override { co_return health_answer; }

  Result<std::string> answer = std::string{R"({"hits":{"total":0,"hits":[]}})"};
  Result<std::string> health_answer = std::string{"green"};
  std::string last_request;
};

class FakeStore final : public WorkStore {
 public:
  Task<Result<std::vector<WorkRow>>> find(Media, std::vector<std::string> ids) override {
    if (fault) {
      co_return *fault;
    }
    std::vector<WorkRow> found;
    for (const WorkRow& row : rows) {
      if (std::find(ids.begin(), ids.end(), row.identifier) != ids.end()) {
        found.push_back(row);
      }
    }
    co_return found;
  }
  Task<Result<std::optional<WorkRow>>> find_one(Media, std::string id) override {
    if (fault) {
      co_return *fault;
    }
    for (const WorkRow& row : rows) {
      if (row.identifier == id) {
        co_return std::optional{row};
      }
    }
    co_return std::optional<WorkRow>{};
  }
  Task<Result<std::map<std::string, bool>>> source_visibility() override {
    co_return std::map<std::string, bool>{};
  }
  Task<Result<bool>> ping() override {
    if (fault) {
      co_return *fault;
    }
    co_return true;
  }

  std::vector<WorkRow> rows;
  std::optional<Error> fault;
};

class HandlersTest : public testing::Test {
 protected:
  HandlersTest() {
    for (const char* id : {kId, kOther}) {
      WorkRow row;
      row.identifier = id;
      row.license = "by";
      row.source = "met";
      row.title = "Title";
      store.rows.push_back(row);
    }
    sources.set_counts(Media::image, {{"met", 2}});
  }

  Reply ask(const std::string& method, const std::string& target,
            const std::string& authorization = "") {
    Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    request.query_text = target.find('?') == target.npos ? "" : target.substr(target.find('?') + 1);
    request.query = Query::parse(request.query_text);
    request.base_url = "http://host";
    request.authorization = authorization;
    request.request_id = "r1";
    return ask(std::move(request));
  }
  Reply ask(Request request) {
    boost::asio::io_context context;
    Reply reply;
    boost::asio::co_spawn(
        context, [&]() -> Task<void> { reply = co_await handlers.handle(std::move(request)); },
        boost::asio::detached);
    context.run();
    return reply;
  }
  Reply get(const std::string& target) { return ask("GET", target); }

  static std::string header(const Reply& reply, const std::string& name) {
    for (const auto& [key, value] : reply.headers) {
      if (key == name) {
        return value;
      }
    }
    return "";
  }

  FakeIndex index;
  FakeStore store;
  SourceDirectory sources{read_source_registry(
      R"([{"name":"met","display_name":"Met","source_url":"https://m","media_types":["image"]}])")};
  Metrics registry;
  ApiMetrics metrics{registry};
  Handlers handlers{index, store, sources, metrics};
};

TEST_F(HandlersTest, SearchKeepsTheOrderOfHitsAndDropsWhatHasNoRow) {
  index.answer = R"({"hits":{"total":{"value":3},"hits":[
    {"_id":"1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},{"_id":"2b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},
    {"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","highlight":{"title":["x"]}}]}})";
  const Reply reply = get("/v1/images/?q=x");
  ASSERT_EQ(reply.status, 200U);
  const json::value body = json::parse(reply.body);
  EXPECT_EQ(to_json(body.at("result_count")), "3");
  const json::array& results = body.at("results").as_array();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].at("id"), json::value(kOther));
  EXPECT_EQ(to_json(results[0].at("fields_matched")), "[]");
  EXPECT_EQ(results[1].at("id"), json::value(kId));
  EXPECT_EQ(to_json(results[1].at("fields_matched")), R"(["title"])");
  EXPECT_EQ(metrics.hits_without_row.value(), 1);
  EXPECT_EQ(header(reply, "Cache-Control"), "max-age=10, public");
  EXPECT_EQ(header(reply, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(header(reply, "Access-Control-Allow-Origin"), "*");
}

TEST_F(HandlersTest, RefusalsHaveNoCacheControl) {
  const Reply reply = get("/v1/images/?page_size=21");
  EXPECT_EQ(reply.status, 401U);
  EXPECT_EQ(header(reply, "Cache-Control"), "");
  EXPECT_EQ(header(reply, "WWW-Authenticate"), "Bearer realm=\"api\"");
  EXPECT_EQ(header(reply, "Access-Control-Allow-Origin"), "*");
}

TEST_F(HandlersTest, DetailFindsOrDoesNot) {
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/?page=0").status, 200U);
  const Reply missing = get("/v1/images/2b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/");
  EXPECT_EQ(missing.status, 404U);
  EXPECT_EQ(missing.body, R"({"detail":"No Image matches the given query."})");
}

TEST_F(HandlersTest, AHiddenSourceIsNotThere) {
  sources.set_visibility({{"met", true}});
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/").status, 404U);
  get("/v1/images/");
  EXPECT_NE(index.last_request.find(R"({"terms":{"source":["met"]}})"), std::string::npos);
  EXPECT_EQ(get("/v1/images/stats/").body, "[]");
}

TEST_F(HandlersTest, RelatedHasConstantCounts) {
  index.answer = R"({"hits":{"hits":[{"_id":"1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"}]}})";
  const Reply reply = get(std::string{"/v1/images/"} + kId + "/related/");
  EXPECT_TRUE(reply.body.starts_with(
      R"({"result_count":10,"page_count":1,"page_size":10,"page":1,"results":[{"id":"1b6c)"))
      << reply.body;
  EXPECT_EQ(get("/v1/images/2b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/related/").body,
            R"({"detail":"Not found."})");
}

TEST_F(HandlersTest, StatsListsRegisteredSources) {
  EXPECT_EQ(get("/v1/images/stats/").body,
            R"([{"source_name":"met","display_name":"Met","source_url":"https://m",)"
            R"("logo_url":null,"media_count":2}])");
}

TEST_F(HandlersTest, StoreFaultsAreRepliesOfTheirOwn) {
  index.answer = Error{Errc::store_refused, Retry::never, "index_not_found: no [image]"};
  EXPECT_EQ(get("/v1/images/").status, 500U);
  EXPECT_EQ(get("/v1/images/").body, R"({"detail":"index_not_found: no [image]"})");
  index.answer = Error{Errc::unreachable, Retry::after_backoff, "refused"};
  const Reply away = get("/v1/images/");
  EXPECT_EQ(away.status, 503U);
  EXPECT_EQ(header(away, "Retry-After"), "5");
  index.answer = std::string{"<html>"};
  EXPECT_EQ(get("/v1/images/").status, 500U);
  store.fault = Error{Errc::store_refused, Retry::after_backoff, "ERROR: relation does not exist"};
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/").body,
            R"({"detail":"An internal server error occurred."})");
  store.fault = Error{Errc::unreachable, Retry::after_backoff, "no server"};
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/").status, 503U);
}

TEST_F(HandlersTest, HealthcheckLooksAtWhatItIsAsked) {
  EXPECT_EQ(get("/healthcheck/").body, R"({"status":"200 OK"})");
  index.health_answer = std::string{"yellow"};
  EXPECT_EQ(get("/healthcheck/").status, 200U);
  EXPECT_EQ(get("/healthcheck/?check_es").body, R"({"detail":"es_status_yellow"})");
  EXPECT_EQ(get("/healthcheck/?check_es=1").status, 503U);
  index.health_answer = Error{Errc::timed_out, Retry::after_backoff, "late"};
  EXPECT_EQ(get("/healthcheck/?check_es").body, R"({"detail":"es_timed_out"})");
  store.fault = Error{Errc::unreachable, Retry::after_backoff, "no server"};
  EXPECT_EQ(get("/healthcheck/").body, R"({"detail":"Database unavailable: no server"})");
}

TEST_F(HandlersTest, MethodsAndPreflights) {
  const Reply refused = ask("DELETE", "/v1/images/");
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(refused.body, R"({"detail":"Method \"DELETE\" not allowed."})");
  EXPECT_EQ(header(refused, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "/v1/images/").status, 200U);
  Request preflight;
  preflight.method = "OPTIONS";
  preflight.path = "/v1/images/";
  preflight.authorization = "Bearer nonsense";
  preflight.is_preflight = true;
  const Reply reply = ask(std::move(preflight));
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(header(reply, "Access-Control-Max-Age"), "86400");
  EXPECT_NE(header(reply, "Access-Control-Allow-Headers").find("content-type"), std::string::npos);
}

TEST_F(HandlersTest, MovedGoneAndMissingPaths) {
  const Reply moved = get("/v1/images?q=a%20b");
  EXPECT_EQ(moved.status, 301U);
  EXPECT_EQ(header(moved, "Location"), "/v1/images/?q=a%20b");
  EXPECT_EQ(moved.body, "");
  EXPECT_EQ(header(get("/v1/sources?x=1"), "Location"), "/v1/images/stats/");
  EXPECT_EQ(header(get("/"), "Location"), "/v1/");
  EXPECT_EQ(get("/").status, 302U);
  EXPECT_EQ(ask("POST", "/v1/link/").status, 410U);
  EXPECT_EQ(get("/nowhere/").body, R"({"detail":"Not found."})");
  EXPECT_EQ(get("/v1/").content_type, "text/html; charset=utf-8");
}

TEST_F(HandlersTest, ABadTokenIsNeverAnonymous) {
  const Reply reply = ask("GET", "/v1/images/", "Bearer abc");
  EXPECT_EQ(reply.status, 401U);
  EXPECT_EQ(reply.body, R"({"detail":"Incorrect authentication credentials."})");
  EXPECT_NE(header(reply, "WWW-Authenticate").find("invalid_token"), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/images/", "Basic abc").status, 200U);
}

}  // namespace
}  // namespace freshet::api
