#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "api/dispatcher.hpp"
#include "api/local_limiter.hpp"
#include "api/usage/notes.hpp"
#include "core/usage/event_types.hpp"
#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/fake_services.hpp"

namespace freshet::api {
namespace {

constexpr const char* kWork = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";

std::string event(const std::string& more = "") {
  return R"({"event_id":")" + usage::make_event_id() +
         R"(","type":"OPEN_PAGES_MENU","occurred_at":")" + format_millis(SystemClock{}.now()) +
         "\"" + more + "}";
}

class EventsTest : public testing::Test, protected FakeServices {
 protected:
  Request post(std::string body, std::string form = "application/json") {
    Request request = request_for("POST", "/v1/events/");
    request.base_url = "http://host";
    request.content_type = std::move(form);
    request.body = std::move(body);
    request.has_body = true;
    request.page.agent = "mobile";
    return request;
  }
  Request get(const std::string& target) {
    Request request = request_for("GET", target);
    request.base_url = "http://host";
    request.page.agent = "program";
    return request;
  }
  Reply ask(Request request) { return api::ask(dispatcher, std::move(request)); }

  void note(const Request& request, Limiter& limits) {
    boost::asio::io_context context;
    boost::asio::co_spawn(context, note_embedding(with(limits), request, kWork),
                          boost::asio::detached);
    context.run();
  }

  NoLimiter limiter;
  Dispatcher dispatcher{with(limiter), router};
};

TEST_F(EventsTest, AreAcceptedOnceTheBrokerHasThem) {
  const Reply reply = ask(post("{\"events\":[" + event() + "," + event() + "]}"));
  EXPECT_EQ(reply.status, 202U) << reply.body;
  EXPECT_EQ(reply.body, R"({"accepted":2})");
  ASSERT_EQ(usage.sent.size(), 2U);
  EXPECT_EQ(usage.sent[0].agent, "mobile");
  EXPECT_EQ(usage.sent[0].origin, usage::Origin::web);
}

TEST_F(EventsTest, MayComeAsABeacon) {
  EXPECT_EQ(ask(post("{\"events\":[" + event() + "]}", "text/plain;charset=UTF-8")).status, 202U);
  EXPECT_EQ(ask(post("{", "text/plain")).status, 400U);
  EXPECT_EQ(ask(post("a=b", "application/x-www-form-urlencoded")).status, 415U);
}

TEST_F(EventsTest, ThatAreWrongAreRefusedTogetherAndNamed) {
  const Reply reply = ask(post("{\"events\":[" + event() + "," + event(R"(,"rank":-1)") + "," +
                               event(R"(,"payload":{"x":1})") + ",7]}"));
  EXPECT_EQ(reply.status, 400U);
  const json::value body = json::parse(reply.body);
  const json::object& detail = body.at("detail").as_object();
  EXPECT_EQ(detail.size(), 3U) << reply.body;
  EXPECT_TRUE(detail.contains("events[1].rank"));
  EXPECT_TRUE(detail.contains("events[2].payload.x"));
  EXPECT_TRUE(detail.contains("events[3]"));
  EXPECT_TRUE(usage.sent.empty());
}

TEST_F(EventsTest, AreOneToFifty) {
  const auto many = [](int count) {
    std::string list;
    for (int i = 0; i < count; ++i) {
      list += (i == 0 ? "" : ",") + event();
    }
    return "{\"events\":[" + list + "]}";
  };
  EXPECT_EQ(ask(post(many(50))).status, 202U);
  for (const std::string& body :
       {many(51), many(0), std::string{"{}"}, std::string{R"({"events":1})"}}) {
    const Reply reply = ask(post(body));
    EXPECT_EQ(reply.status, 400U);
    EXPECT_THAT(reply.body, testing::HasSubstr("\"events\"")) << body.substr(0, 40);
  }
  EXPECT_EQ(usage.sent.size(), 50U);
}

TEST_F(EventsTest, AreNotAcceptedWhileTheBrokerIsAway) {
  usage.failure = Error{Errc::timed_out, Retry::after_backoff, "no answer"};
  const Reply reply = ask(post("{\"events\":[" + event() + "]}"));
  EXPECT_EQ(reply.status, 503U);
  EXPECT_EQ(header_of(reply, "Retry-After"), "5");
}

TEST_F(EventsTest, AreNotKeptOfThoseWhoOptOutOrWhereTheyAreOff) {
  Request opted_out = post("{\"events\":[" + event() + "]}");
  opted_out.page.opts_out = true;
  EXPECT_EQ(ask(opted_out).status, 204U);
  usage.enabled = false;
  EXPECT_EQ(ask(post("{\"events\":[" + event() + "]}")).status, 204U);
  EXPECT_TRUE(usage.sent.empty());
}

TEST_F(EventsTest, OfCallersOfTheApiAreNoted) {
  index.answer = R"({"hits":{"total":{"value":0},"hits":[]}})";
  EXPECT_EQ(ask(get("/v1/images/?q=owl&license=cc0,pdm&page=2")).status, 200U);
  ASSERT_EQ(usage.noted.size(), 1U);
  const usage::Event& search = usage.noted[0];
  EXPECT_EQ(search.type, "SEARCH_EVENT");
  EXPECT_EQ(search.query, "owl");
  EXPECT_EQ(search.media_type, "image");
  EXPECT_EQ(search.page, 2);
  EXPECT_EQ(search.agent, "program");
  EXPECT_EQ(search.origin, usage::Origin::api);
  EXPECT_EQ(to_json(search.filters), R"({"license":["cc0","pdm"]})");
  EXPECT_EQ(search.payload.at("resultsCount"), 0);
  EXPECT_TRUE(usage::read_event(usage::encode_event(search))) << usage::encode_event(search);

  WorkRow row;
  row.identifier = kWork;
  row.text<Field::license>() = "by";
  row.text<Field::source>() = "met";
  store.rows.push_back(row);
  EXPECT_EQ(ask(get(std::string{"/v1/images/"} + kWork + "/")).status, 200U);
  ASSERT_EQ(usage.noted.size(), 2U);
  EXPECT_EQ(usage.noted[1].type, "DETAIL_PAGE_EVENT");
  EXPECT_EQ(usage.noted[1].result_id, kWork);
  EXPECT_EQ(usage.noted[1].source, "met");
  EXPECT_TRUE(usage::read_event(usage::encode_event(usage.noted[1])));

  Request opted_out = get("/v1/images/?q=owl");
  opted_out.page.opts_out = true;
  EXPECT_EQ(ask(opted_out).status, 200U);
  EXPECT_EQ(ask(get("/v1/images/?page_size=0")).status, 400U);
  EXPECT_EQ(usage.noted.size(), 2U);
}

TEST_F(EventsTest, OfOtherSitesAreKnownByTheirHostAlone) {
  Request request = get("/v1/images/x/thumb/");
  for (const char* ours : {"", "http://host/search?q=secret", "garbage", "https://"}) {
    request.page.referrer = ours;
    note(request, limiter);
  }
  EXPECT_TRUE(usage.noted.empty());
  request.page.referrer = "https://user:pass@Blog.example:8443/private/page?x=y";
  note(request, limiter);
  ASSERT_EQ(usage.noted.size(), 1U);
  EXPECT_EQ(to_json(usage.noted[0].payload),
            R"({"referer_domain":"blog.example","resource":"/v1/images/x/thumb/"})");
  EXPECT_TRUE(usage::read_event(usage::encode_event(usage.noted[0])));
}

TEST_F(EventsTest, OfOtherSitesAreBoundedForAnAddressAndAlwaysText) {
  LocalLimiter limits{Rates{"anon_embeddings=2/hour"}};
  Request request = get("/v1/images/\xff\xc3(/thumb/");
  for (int i = 0; i < 5; ++i) {
    request.page.referrer = "https://blog" + std::to_string(i) + ".example/";
    note(request, limits);
  }
  ASSERT_EQ(usage.noted.size(), 2U);
  EXPECT_TRUE(usage::read_event(usage::encode_event(usage.noted[0])));
  request.client_address = "192.0.2.9";
  note(request, limits);
  EXPECT_EQ(usage.noted.size(), 3U);
}

TEST_F(EventsTest, OfOtherSitesAreThoseThatGotAPicture) {
  Request request = get(std::string{"/v1/images/"} + kWork + "/thumb/");
  request.page.referrer = "https://blog.example/";
  EXPECT_EQ(ask(request).status, 404U);
  EXPECT_TRUE(usage.noted.empty()) << "no such work";
  WorkRow row;
  row.identifier = kWork;
  row.text<Field::source>() = "met";
  row.text<Field::url>() = "https://files.example.org/1.jpg";
  store.rows.push_back(row);
  thumbnails.answers = {Made{424, "text/plain", "No."}, Made{200, "image/png", "small"}};
  EXPECT_EQ(ask(request).status, 424U);
  EXPECT_TRUE(usage.noted.empty()) << "no such picture";
  EXPECT_EQ(ask(request).status, 200U);
  ASSERT_EQ(usage.noted.size(), 1U);
  EXPECT_EQ(usage.noted[0].result_id, kWork);
}

TEST_F(EventsTest, NameTheWorkByTheIdentifierThatItHasNow) {
  constexpr const char* kBefore = "2b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
  WorkRow row;
  row.identifier = kWork;
  row.text<Field::license>() = "by";
  row.text<Field::source>() = "met";
  store.former[kBefore] = row;
  EXPECT_EQ(ask(get(std::string{"/v1/images/"} + kBefore + "/")).status, 200U);
  ASSERT_EQ(usage.noted.size(), 1U);
  EXPECT_EQ(usage.noted[0].result_id, kWork);
}

}  // namespace
}  // namespace freshet::api
