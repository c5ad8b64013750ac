#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <stdexcept>
#include <vector>

#include "api/dispatcher.hpp"
#include "core/json.hpp"
#include "tests/unit/api/fake_accounts.hpp"
#include "tests/unit/api/fake_changes.hpp"
#include "tests/unit/api/fake_links.hpp"
#include "tests/unit/api/fake_stores.hpp"
#include "tests/unit/api/fake_thumbnails.hpp"
#include "tests/unit/api/fake_usage_log.hpp"

namespace freshet::api {

/// What an endpoint was called with, as 201.
inline Task<Reply> echo(Services, Call call) {
  Reply reply = json_reply(to_json(json::object{{"identifier", call.identifier},
                                                {"text", call.text},
                                                {"media", std::string{store_name(call.media)}},
                                                {"has_body", call.body.form.has_value()},
                                                {"content", call.body.content}}));
  reply.status = 201;
  co_return reply;
}

/// Two fields, as a form that is filled in has them.
inline Task<Reply> check_fields(Services, Call call) {
  BodyFields fields{call.body};
  const auto reason = fields.text({.name = "reason", .longest = 20, .is_required = true});
  const auto note = fields.text({.name = "note", .longest = 5});
  if (!fields.errors().empty()) {
    co_return field_error_reply(fields.errors());
  }
  co_return json_reply(to_json(json::array{*reason, note.value_or("-")}));
}

/// Three pieces, one of them empty.
class ThreePieces final : public BodyStream {
 public:
  Task<std::optional<std::string>> next() override {
    ++asked_;
    if (asked_ > 3) {
      co_return std::nullopt;
    }
    co_return asked_ == 2 ? "" : std::string(3, static_cast<char>('a' + asked_));
  }

 private:
  int asked_ = 0;
};

inline Task<Reply> stream(Services, Call call) {
  Reply reply = json_reply("");
  reply.content_type = "text/plain";
  reply.stream = std::make_shared<ThreePieces>();
  if (call.request.query.contains("sized")) {
    reply.stream_bytes = 6;
  }
  co_return reply;
}

/// Without an end, and without news.
class Silence final : public BodyStream {
 public:
  Task<std::optional<std::string>> next() override {
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor,
                                    std::chrono::milliseconds{10}};
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return is_first_ ? (is_first_ = false, "on") : "";
  }

 private:
  bool is_first_ = true;
};

inline Task<Reply> be_silent(Services, Call) {
  Reply reply = json_reply("");
  reply.stream = std::make_shared<Silence>();
  co_return reply;
}

inline Task<Reply> say_hello(Services, Call) { co_return json_reply(R"({"hello":"you"})"); }

inline Task<Reply> fall_over(Services, Call) {
  throw std::runtime_error{"fell over"};
  co_return Reply{};
}

/// Endpoints that there are in tests only: of each kind one.
inline std::vector<Endpoint> test_table() {
  const BodyRule all_forms{{BodyForm::json, BodyForm::form, BodyForm::multipart}, 1000};
  return {
      {.name = "echo",
       .method = Method::post,
       .path = "/v1/{media}/{id}/echo/",
       .summary = "what was <sent>",
       .body = all_forms,
       .answer = echo},
      {.name = "code", .path = "/v1/audio/code/{text}/", .answer = echo},
      {.name = "both",
       .path = "/v1/both/",
       .summary = "hello",
       .cache = std::chrono::seconds{7},
       .answer = say_hello},
      {.name = "both",
       .method = Method::post,
       .path = "/v1/both/",
       .body = {{BodyForm::form}, 100},
       .answer = echo},
      {.name = "fields",
       .method = Method::put,
       .path = "/v1/fields/",
       .body = all_forms,
       .answer = check_fields},
      {.name = "stream", .path = "/v1/stream/", .answer = stream},
      {.name = "silence", .path = "/v1/silence/", .answer = be_silent},
      {.name = "mine", .path = "/v1/mine/", .access = Access::authenticated, .answer = say_hello},
      {.name = "falls",
       .path = "/v1/falls/",
       .cache = std::chrono::seconds{7},
       .answer = fall_over},
  };
}

/// What a dispatcher over the test table needs.
struct TestServices {
  FakeIndex index;
  FakeStore store;
  SourceDirectory sources{{}};
  Metrics registry;
  ApiMetrics metrics{registry};
  FakeAccounts accounts;
  FakeReports reports;
  NoLimiter limiter;
  FakeMailer mailer;
  FakeThumbnails thumbnails;
  FakePeaks peaks;
  FakeLinks links;
  FakeUsageLog usage;
  FakeChanges changes;
  FakeFreshness freshness;
  SideThreads files{1, 64};
  Router router{test_table()};

  Services services() {
    return {index, store, sources, metrics, accounts, reports,   limiter, mailer, thumbnails,
            peaks, links, "test",  usage,   changes,  freshness, "",      files};
  }
};

}  // namespace freshet::api
