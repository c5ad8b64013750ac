#include "api/endpoints.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <map>

#include "api/dispatcher.hpp"
#include "core/json.hpp"
#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/fake_services.hpp"

namespace freshet::api {
namespace {

constexpr const char* kId = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
constexpr const char* kOther = "1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";

class EndpointsTest : public testing::Test, protected FakeServices {
 protected:
  EndpointsTest() {
    for (const char* id : {kId, kOther}) {
      WorkRow row;
      row.identifier = id;
      row.text<Field::license>() = "by";
      row.text<Field::source>() = "met";
      row.text<Field::title>() = "Title";
      store.rows.push_back(row);
    }
    sources.set_counts(Media::image, {{"met", 2}});
  }

  Reply ask(const std::string& method, const std::string& target,
            const std::string& authorization = "") {
    Request request = request_for(method, target);
    request.base_url = "http://host";
    request.authorization = authorization;
    request.request_id = "r1";
    return ask(std::move(request));
  }
  Reply ask(Request request) { return api::ask(dispatcher, std::move(request)); }
  Reply get(const std::string& target) { return ask("GET", target); }

  double incomplete(const std::string& lacking) {
    return registry
        .counter("freshet_api_incomplete_searches_total",
                 "Searches answered with less than was asked for", {{"lacking", lacking}})
        .value();
  }

  NoLimiter limiter;
  Dispatcher dispatcher{with(limiter), router};
};

TEST_F(EndpointsTest, SearchKeepsTheOrderOfHitsAndDropsWhatHasNoRow) {
  index.answer = R"({"hits":{"total":{"value":3},"hits":[
    {"_id":"1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},{"_id":"2b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},
    {"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","matched_queries":["title"]}]}})";
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
  EXPECT_EQ(header_of(reply, "Cache-Control"), "max-age=10, public");
  EXPECT_EQ(header_of(reply, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(header_of(reply, "Access-Control-Allow-Origin"), "*");
}

TEST_F(EndpointsTest, DeadLinksThatShortenAPageDoNotEndThePaging) {
  index.answer = R"({"hits":{"total":{"value":1000},"hits":[
    {"_id":"1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},
    {"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"}]}})";
  links.on = true;
  links.dead = {"https://files.example/dead"};
  for (const std::size_t dead : {1U, 2U}) {
    store.rows[dead - 1].text<Field::url>() = "https://files.example/dead";
    Request request = request_for("GET", "/v1/images/?q=x&page_size=2");
    // So late that the search looks no further than the first hits.
    request.arrived_at = std::chrono::steady_clock::now() - std::chrono::seconds{4};
    const Reply reply = ask(std::move(request));
    ASSERT_EQ(reply.status, 200U) << reply.body;
    const json::value body = json::parse(reply.body);
    EXPECT_EQ(body.at("results").as_array().size(), 2 - dead);
    EXPECT_EQ(to_json(body.at("result_count")), "240");
    EXPECT_EQ(to_json(body.at("page_count")), "120");
  }
}

TEST_F(EndpointsTest, SearchThatCannotTellWhatMatchedIsAnsweredWithoutAndCounted) {
  index.answer = R"({"hits":{"total":1,"hits":[{"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"}]}})";
  index.fault_of_names = Error{Errc::store_refused, Retry::never, "illegal_argument: too long"};
  const Reply reply = get("/v1/images/?q=x");
  ASSERT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(to_json(json::parse(reply.body).at("results").at(0).at("fields_matched")), "[]");
  EXPECT_EQ(index.asked, 2);
  EXPECT_EQ(incomplete("fields_matched"), 1);
  EXPECT_EQ(incomplete("documents"), 0);
}

TEST_F(EndpointsTest, SearchIsAskedTwiceOnlyWhenTheRequestOrADocumentIsAtFault) {
  for (const Error& fault : {Error{Errc::store_refused, Retry::after_backoff, "no such index"},
                             Error{Errc::unreachable, Retry::after_backoff, "refused"},
                             Error{Errc::timed_out, Retry::after_backoff, "late"},
                             Error{Errc::throttled, Retry::after_backoff, "busy"}}) {
    index.asked = 0;
    index.answer = fault;
    EXPECT_GE(get("/v1/images/?q=x").status, 500U);
    EXPECT_EQ(index.asked, 1) << fault.message();
  }
  index.asked = 0;
  index.answer = Error{Errc::store_refused, Retry::never, "parse_exception: no"};
  EXPECT_EQ(get("/v1/images/?q=x").status, 500U);
  EXPECT_EQ(index.asked, 2);
  EXPECT_EQ(incomplete("fields_matched"), 0) << "nothing was answered";
}

TEST_F(EndpointsTest, AShardThatFailsOnADocumentIsDoneWithoutAndCounted) {
  index.answer = R"({"_shards":{"total":2,"failed":1,"failures":[{"shard":1,"index":"image-1",
    "reason":{"type":"illegal_argument_exception","reason":"the length of a field"}}]},
    "hits":{"total":{"value":1},"hits":[{"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"}]}})";
  for (const char* target :
       {"/v1/images/?q=x", "/v1/images/1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/related/"}) {
    const double before = incomplete("documents");
    const Reply reply = get(target);
    ASSERT_EQ(reply.status, 200U) << reply.body;
    EXPECT_EQ(json::parse(reply.body).at("results").as_array().size(), 1U);
    EXPECT_EQ(incomplete("documents"), before + 1) << target;
  }
}

TEST_F(EndpointsTest, AShardThatIsAwayIsNotPassedOver) {
  index.answer = R"({"_shards":{"total":2,"failed":1},"hits":{"total":0,"hits":[]}})";
  const Reply reply = get("/v1/images/?q=x");
  EXPECT_EQ(reply.status, 503U);
  EXPECT_EQ(header_of(reply, "Retry-After"), "5");
  EXPECT_EQ(incomplete("documents"), 0);
}

TEST_F(EndpointsTest, OneDeadlineGoesWithARequestToEachStore) {
  index.answer = R"({"hits":{"total":{"value":1},"hits":[
    {"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"}]}})";
  for (const std::string target :
       {"/v1/images/?q=x", "/v1/images/0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/related/",
        "/healthcheck/?check_es"}) {
    Request request = request_for("GET", target);
    request.arrived_at = Deadline::Clock::time_point{std::chrono::seconds{4711}};
    const auto deadline = request.arrived_at + std::chrono::seconds{5};
    index.last_deadline.reset();
    store.last_deadline.reset();
    EXPECT_EQ(ask(request).status, 200U) << target;
    ASSERT_TRUE(index.last_deadline && store.last_deadline) << target;
    EXPECT_EQ(index.last_deadline->at(), deadline) << target;
    EXPECT_EQ(store.last_deadline->at(), deadline) << target;
  }
}

TEST_F(EndpointsTest, RefusalsHaveNoCacheControl) {
  const Reply reply = get("/v1/images/?page_size=21");
  EXPECT_EQ(reply.status, 401U);
  EXPECT_EQ(header_of(reply, "Cache-Control"), "");
  EXPECT_EQ(header_of(reply, "WWW-Authenticate"), "Bearer realm=\"api\"");
  EXPECT_EQ(header_of(reply, "Access-Control-Allow-Origin"), "*");
}

TEST_F(EndpointsTest, DetailFindsOrDoesNot) {
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/?page=0").status, 200U);
  const Reply missing = get("/v1/images/2b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/");
  EXPECT_EQ(missing.status, 404U);
  EXPECT_EQ(missing.body, R"({"detail":"No Image matches the given query."})");
}

TEST_F(EndpointsTest, AHiddenSourceIsNotThere) {
  sources.set_visibility({{"met", true}});
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/").status, 404U);
  get("/v1/images/");
  EXPECT_NE(index.last_request.find(R"({"value":"met","case_insensitive":true})"),
            std::string::npos);
  EXPECT_EQ(get("/v1/images/stats/").body, "[]");
}

// Whatever the case in which its works came, a source has the one form in which it is registered.
TEST_F(EndpointsTest, ASourceIsOneInAnyCase) {
  store.rows[0].text<Field::source>() = "MET";
  store.rows[1].text<Field::source>() = "Elsewhere";
  const std::string first = store.rows[0].identifier;
  const std::string second = store.rows[1].identifier;
  sources.set_counts(Media::image, {{"MET", 1}, {"met", 2}, {"Elsewhere", 1}});
  index.answer = R"({"hits":{"total":{"value":2},"hits":[
    {"_id":"1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},
    {"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"}]}})";
  for (const std::string name : {"met", "MET", "Met"}) {
    EXPECT_EQ(get("/v1/images/?source=" + name).status, 200U) << name;
    EXPECT_EQ(get("/v1/images/?unstable__collection=source&source=" + name).status, 200U) << name;
  }
  std::map<std::string, std::string> shown;
  const json::value listed = json::parse(get("/v1/images/").body);
  for (const json::value& item : listed.at("results").as_array()) {
    shown[std::string{item.at("id").as_string()}] = item.at("source").as_string();
  }
  EXPECT_EQ(shown[first], "met");
  EXPECT_EQ(shown[second], "Elsewhere") << "one that nobody registered is as it came";
  EXPECT_NE(get("/v1/images/" + first + "/").body.find(R"("source":"met")"), std::string::npos);
  sources.set_visibility({{"Met", true}, {"ELSEWHERE", true}});
  EXPECT_EQ(get("/v1/images/" + first + "/").status, 404U);
  EXPECT_EQ(get("/v1/images/" + second + "/").status, 404U);
  EXPECT_EQ(get("/v1/images/?source=met").status, 400U);
  EXPECT_EQ(get("/v1/images/stats/").body, "[]");
  EXPECT_EQ(to_json(json::parse(get("/v1/images/").body).at("results")), "[]")
      << "rows of a hidden source stay out, also where the index has not heard of it";
}

constexpr const char* kFullPage = R"({"pit_id":"point-2","hits":{"total":{"value":3},"hits":[
    {"_id":"1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","sort":[2.5,"1b"]},
    {"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","sort":[1.5,"0b"]}]}})";
constexpr const char* kLastPage = R"({"pit_id":"point-2","hits":{"hits":[
    {"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","sort":[0.5,"0c"]}]}})";

std::string next_cursor(const Reply& reply) {
  const json::value body = json::parse(reply.body);
  const json::value& next = body.at("next_cursor");
  return next.is_string() ? std::string{next.get_string()} : "";
}

TEST_F(EndpointsTest, AWalkGoesOnBehindTheLastHitInOnePointInTime) {
  index.answer = std::string{kFullPage};
  const Reply first = get("/v1/images/?q=x&page_size=2&cursor=*");
  ASSERT_EQ(first.status, 200U) << first.body;
  const json::value asked = json::parse(index.last_request);
  EXPECT_EQ(to_json(asked.at("pit")), R"({"id":"point-1","keep_alive":"10m"})");
  EXPECT_EQ(asked.as_object().find("from"), asked.as_object().end());
  EXPECT_EQ(asked.as_object().find("search_after"), asked.as_object().end());
  index.answer = std::string{kLastPage};
  const Reply last = get("/v1/images/?page_size=2&q=x&cursor=" + next_cursor(first));
  ASSERT_EQ(last.status, 200U) << last.body;
  const json::value again = json::parse(index.last_request);
  EXPECT_EQ(to_json(again.at("pit")), R"({"id":"point-2","keep_alive":"10m"})");
  EXPECT_EQ(to_json(again.at("search_after")), R"([1.5,"0b"])");
  EXPECT_EQ(again.at("track_total_hits"), json::value(false));
  const json::value body = json::parse(last.body);
  EXPECT_EQ(body.at("result_count"), json::value(3)) << "counted for the first page";
  EXPECT_EQ(body.at("page_count"), json::value(2));
  EXPECT_EQ(body.at("page"), json::value(2));
  EXPECT_TRUE(body.at("next_cursor").is_null());
  EXPECT_EQ(index.opened, 1);
  EXPECT_EQ(index.closed, 0) << "a client that lost the last page asks for it again";
}

TEST_F(EndpointsTest, APointInTimeThatNobodyCanUseIsLetGo) {
  index.answer = std::string{kLastPage};
  EXPECT_EQ(next_cursor(get("/v1/images/?cursor=*")), "");
  EXPECT_EQ(index.opened, 1);
  EXPECT_EQ(index.closed, 1);
}

TEST_F(EndpointsTest, AWalkThatTheClusterHasNoRoomForIsToldWhenToBegin) {
  for (const Retry retry : {Retry::never, Retry::after_backoff}) {
    index.point = Error{retry == Retry::never ? Errc::store_refused : Errc::throttled, retry,
                        "Trying to create too many Point In Time contexts. Must be less than or "
                        "equal to: [300]. This limit can be set by changing the "
                        "[search.max_open_pit_context] setting."};
    const Reply reply = get("/v1/images/?q=x&cursor=*");
    EXPECT_EQ(reply.status, 503U);
    EXPECT_EQ(header_of(reply, "Retry-After"), "60");
    EXPECT_NE(reply.body.find("Too many walks are under way."), std::string::npos) << reply.body;
  }
  EXPECT_EQ(index.asked, 0);
}

TEST_F(EndpointsTest, ACursorIsRefusedThatIsNotOfThisWalk) {
  index.answer = std::string{kFullPage};
  const std::string cursor = next_cursor(get("/v1/images/?q=x&page_size=2&cursor=*"));
  const auto refusal = [&](const std::string& target) {
    const Reply reply = get(target);
    return std::to_string(reply.status) + " " + reply.body;
  };
  const std::string same = "/v1/images/?q=x&page_size=2&cursor=";
  EXPECT_EQ(get(same + cursor).status, 200U);
  EXPECT_EQ(get(same + cursor + "&unknown=1").status, 200U) << "what no search heeds binds nothing";
  std::string altered = cursor;
  altered[30] = altered[30] == 'A' ? 'B' : 'A';
  for (const std::string& bad : {altered, cursor + "AAAA", cursor.substr(0, 20), std::string{"x"},
                                 std::string{"%00"}, std::string{"**"}}) {
    EXPECT_TRUE(refusal(same + bad).starts_with(R"(400 {"detail":{"cursor":[")")) << bad;
  }
  EXPECT_NE(refusal(same + altered).find("was altered"), std::string::npos);
  for (const char* other :
       {"/v1/images/?q=y&page_size=2&cursor=", "/v1/images/?q=x&page_size=3&cursor=",
        "/v1/audio/?q=x&page_size=2&cursor=", "/v1/images/?q=x&page_size=2&license=by&cursor="}) {
    EXPECT_NE(refusal(other + cursor).find("400 {\"detail\":{\"cursor\":[\"The cursor belongs to"),
              std::string::npos)
        << other;
  }
  EXPECT_NE(refusal(same + cursor + "&page=2").find("Cannot set both 'cursor' and 'page'"),
            std::string::npos);
  store.key = "of another catalogue";
  EXPECT_NE(refusal(same + cursor).find("none of this catalogue's"), std::string::npos);
}

TEST_F(EndpointsTest, ACursorThatExpiredSaysSo) {
  index.answer = std::string{kFullPage};
  const std::string cursor = next_cursor(get("/v1/images/?q=x&page_size=2&cursor=*"));
  const std::string target = "/v1/images/?q=x&page_size=2&cursor=" + cursor;
  for (const auto& gone :
       {Result<std::string>{Error{Errc::store_refused, Retry::after_backoff,
                                  "search_context_missing_exception: No search context found"}},
        Result<std::string>{std::string{
            R"({"_shards":{"failed":1,"failures":[{"reason":{"type":)"
            R"("search_context_missing_exception","reason":"x"}}]},"hits":{"hits":[]}})"}}}) {
    index.answer = gone;
    EXPECT_EQ(get(target).status, 400U);
    EXPECT_NE(get(target).body.find("The cursor has expired"), std::string::npos);
  }
  index.answer = Error{Errc::unreachable, Retry::after_backoff, "away"};
  EXPECT_EQ(get(target).status, 503U) << "the walk goes on when the index is back";
}

TEST_F(EndpointsTest, RelatedHasConstantCounts) {
  index.answer = R"({"hits":{"hits":[{"_id":"1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"}]}})";
  const Reply reply = get(std::string{"/v1/images/"} + kId + "/related/");
  EXPECT_TRUE(reply.body.starts_with(
      R"({"result_count":10,"page_count":1,"page_size":10,"page":1,"results":[{"id":"1b6c)"))
      << reply.body;
  EXPECT_EQ(get("/v1/images/2b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/related/").body,
            R"({"detail":"Not found."})");
}

TEST_F(EndpointsTest, StatsListsWhatTheIndexHoldsWithoutARegistryRow) {
  sources.set_counts(Media::image, {{"city_museum", 7}});
  EXPECT_EQ(get("/v1/images/stats/").body,
            R"([{"source_name":"city_museum","display_name":"City Museum","source_url":"",)"
            R"("logo_url":null,"media_count":7,"last_indexed_at":null},)"
            R"({"source_name":"met","display_name":"Met","source_url":"https://m",)"
            R"("logo_url":null,"media_count":0,"last_indexed_at":null}])");
  EXPECT_EQ(get("/v1/images/?source=City_Museum").status, 200U);
}

TEST_F(EndpointsTest, StatsListsRegisteredSources) {
  EXPECT_EQ(get("/v1/images/stats/").body,
            R"([{"source_name":"met","display_name":"Met","source_url":"https://m",)"
            R"("logo_url":null,"media_count":2,"last_indexed_at":null}])");
}

TEST_F(EndpointsTest, StoreFaultsAreRepliesOfTheirOwn) {
  index.answer = Error{Errc::store_refused, Retry::never, "index_not_found: no [image]"};
  EXPECT_EQ(get("/v1/images/").status, 500U);
  EXPECT_EQ(get("/v1/images/").body, R"({"detail":"index_not_found: no [image]"})");
  index.answer = Error{Errc::unreachable, Retry::after_backoff, "refused"};
  const Reply away = get("/v1/images/");
  EXPECT_EQ(away.status, 503U);
  EXPECT_EQ(header_of(away, "Retry-After"), "5");
  index.answer = std::string{"<html>"};
  EXPECT_EQ(get("/v1/images/").status, 500U);
  store.fault = Error{Errc::store_refused, Retry::after_backoff, "ERROR: relation does not exist"};
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/").body,
            R"({"detail":"An internal server error occurred."})");
  store.fault = Error{Errc::unreachable, Retry::after_backoff, "no server"};
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/").status, 503U);
}

TEST_F(EndpointsTest, HealthcheckLooksAtWhatItIsAsked) {
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

TEST_F(EndpointsTest, MethodsAndPreflights) {
  const Reply refused = ask("DELETE", "/v1/images/");
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(refused.body, R"({"detail":"Method \"DELETE\" not allowed."})");
  EXPECT_EQ(header_of(refused, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "/v1/images/").status, 200U);
  Request preflight;
  preflight.method = "OPTIONS";
  preflight.path = "/v1/images/";
  preflight.authorization = "Bearer nonsense";
  preflight.is_preflight = true;
  const Reply reply = ask(std::move(preflight));
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(header_of(reply, "Access-Control-Max-Age"), "86400");
  EXPECT_NE(header_of(reply, "Access-Control-Allow-Headers").find("content-type"),
            std::string::npos);
}

TEST_F(EndpointsTest, MovedGoneAndMissingPaths) {
  const Reply moved = get("/v1/images?q=a%20b");
  EXPECT_EQ(moved.status, 301U);
  EXPECT_EQ(header_of(moved, "Location"), "/v1/images/?q=a%20b");
  EXPECT_EQ(moved.body, "");
  EXPECT_EQ(header_of(get("/v1/sources?x=1"), "Location"), "/v1/images/stats/");
  EXPECT_EQ(header_of(get("/"), "Location"), "/v1/");
  EXPECT_EQ(get("/").status, 302U);
  EXPECT_EQ(ask("POST", "/v1/link/").status, 410U);
  EXPECT_EQ(get("/nowhere/").body, R"({"detail":"Not found."})");
  EXPECT_EQ(get("/v1/").content_type, "text/html; charset=utf-8");
}

TEST_F(EndpointsTest, FormatsThatThereAreNotAreNotFound) {
  EXPECT_EQ(get("/v1/images/?format=json").status, 200U);
  EXPECT_EQ(get("/v1/images/?format=").status, 200U);
  for (const char* target : {"/v1/images/?format=xml", "/v1/images/stats/?format=api",
                             "/healthcheck/?format=yaml", "/v1/schema/?format=xml"}) {
    EXPECT_EQ(get(target).status, 404U) << target;
    EXPECT_EQ(get(target).body, R"({"detail":"Not found."})") << target;
  }
  EXPECT_EQ(get("/v1/?format=xml").status, 200U) << "a page for people";
}

TEST_F(EndpointsTest, VersionIsAtItsPathWithAndWithoutSlash) {
  for (const char* target : {"/version", "/version/"}) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 200U) << target;
    EXPECT_TRUE(reply.body.ends_with(R"(,"environment":"test"})")) << reply.body;
    EXPECT_EQ(reply.content_type, "application/json");
  }
}

TEST_F(EndpointsTest, ABadTokenIsNeverAnonymous) {
  const Reply reply = ask("GET", "/v1/images/", "Bearer abc");
  EXPECT_EQ(reply.status, 401U);
  EXPECT_EQ(reply.body, R"({"detail":"Incorrect authentication credentials."})");
  EXPECT_NE(header_of(reply, "WWW-Authenticate").find("invalid_token"), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/images/", "Basic abc").status, 200U);
}

}  // namespace
}  // namespace freshet::api
