// What clients still ask for and is not there any more.
#include "api/endpoint.hpp"

namespace freshet::api::endpoint {
namespace {

Task<Reply> say_disabled(Services, Call) {
  co_return error_reply(404, "The watermark feature is currently disabled.");
}

Task<Reply> say_gone(Services, Call) {
  Reply reply =
      json_reply(R"({"error":"Gone","reason":"This API endpoint has been discontinued."})");
  reply.status = 410;
  co_return reply;
}

}  // namespace

Endpoint watermark() {
  return {.name = "watermark",
          .path = "/v1/images/{id}/watermark/",
          .limits = Limits::works,
          .answer = say_disabled};
}

Endpoint gone() {
  return {.name = "gone",
          .method = Method::any,
          .path = "/v1/link/{rest}",
          .formats = Formats::any,
          .answer = say_gone};
}

}  // namespace freshet::api::endpoint
