#include "api/lookups.hpp"
#include "api/secrets.hpp"
#include "core/json_writer.hpp"

namespace freshet::api::endpoint {
namespace {

Reply say(unsigned status, std::string_view message) {
  Reply reply = json_reply("");
  reply.status = status;
  ObjectWriter object{reply.body};
  object.text("msg", message);
  object.close();
  reply.headers = {{"Cache-Control", "no-store"}};
  return reply;
}

Task<Reply> answer(Services services, Call call) {
  // Mail programs look at links with HEAD before anybody opens them.
  if (call.request.method == "HEAD") {
    co_return say(200, "");
  }
  const auto verified = co_await services.accounts.verify(digest_of(call.text), call.deadline);
  if (!verified) {
    co_return store_failed(services.metrics, "postgres", verified.error());
  }
  if (!*verified) {
    // The status is that of upstream, which clients know.
    co_return say(500, "Invalid verification code. Did you validate your credentials already?");
  }
  co_return say(200, "Successfully verified email. Your OAuth2 credentials are now active.");
}

}  // namespace

Endpoint verify() {
  return {.name = "verify",
          .path = "/v1/auth_tokens/verify/{text}/",
          .limits = Limits::works,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
