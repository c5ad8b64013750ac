#pragma once

#include <stdexcept>
#include <vector>

#include "api/dispatcher.hpp"
#include "core/json.hpp"
#include "tests/unit/api/fake_accounts.hpp"
#include "tests/unit/api/fake_stores.hpp"

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
  Router router{test_table()};

  Services services() {
    return {index, store, sources, metrics, accounts, reports, limiter, mailer, "test"};
  }
};

}  // namespace freshet::api
