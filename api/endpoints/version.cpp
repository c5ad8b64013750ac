#include "api/endpoint.hpp"
#include "core/json_writer.hpp"

namespace freshet::api::endpoint {
namespace {

Task<Reply> answer(Services services, Call) {
  Reply reply = json_reply("");
  ObjectWriter object{reply.body};
  object.text("release", FRESHET_VERSION);
  object.text("environment", services.environment);
  object.close();
  co_return reply;
}

constexpr Outcome kOutcomes[] = {{.meaning = "what runs here", .schema = "Version"}};

}  // namespace

Endpoint version() {
  return {.name = "version",
          .path = "/version",
          .summary = "which release answers",
          .outcomes = kOutcomes,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
