// Pages for people, and the way to them.
#include "api/docs_page.hpp"
#include "api/endpoints.hpp"

namespace freshet::api::endpoint {
namespace {

Reply html_reply(unsigned status, std::string body) {
  return {.status = status, .body = std::move(body), .content_type = "text/html; charset=utf-8"};
}

Task<Reply> go_to_docs(Services, Call) {
  Reply reply = html_reply(302, "");
  reply.headers.emplace_back("Location", "/v1/");
  co_return reply;
}

Task<Reply> show_docs(Services, Call) {
  static const std::string page = docs_page(endpoints());
  static const std::string policy = docs_policy();
  Reply reply = html_reply(200, page);
  reply.headers = {{"Content-Security-Policy", policy},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"}};
  co_return reply;
}

}  // namespace

Endpoint root() {
  return {.name = "root", .path = "/", .formats = Formats::any, .answer = go_to_docs};
}

Endpoint docs() {
  return {.name = "docs", .path = "/v1/", .formats = Formats::any, .answer = show_docs};
}

Endpoint swagger() {
  return {.name = "docs", .path = "/v1/swagger/", .formats = Formats::any, .answer = show_docs};
}

}  // namespace freshet::api::endpoint
