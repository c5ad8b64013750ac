#include "api/endpoint.hpp"

namespace freshet::api::endpoint {
namespace {

Task<Reply> answer(Services services, Call call) {
  const Result<bool> database = co_await services.store.ping(call.deadline);
  if (!database) {
    services.metrics.count_failure("postgres", to_string(database.error().errc()));
    co_return error_reply(503, "Database unavailable: " + database.error().message());
  }
  if (call.request.query.contains("check_es")) {
    const Result<std::string> health = co_await services.index.health(call.deadline);
    if (!health) {
      const Error error = health.error();
      services.metrics.count_failure("elasticsearch", to_string(error.errc()));
      co_return error_reply(
          503, error.errc() == Errc::timed_out ? "es_timed_out" : "es_" + error.message());
    }
    if (*health != "green") {
      co_return error_reply(503, "es_status_" + *health);
    }
  }
  co_return json_reply(R"({"status":"200 OK"})");
}

constexpr Parameter kParameters[] = {
    {.name = "check_es", .meaning = "whatever its value: the index is asked, too"}};
constexpr Outcome kOutcomes[] = {{.meaning = "it can", .schema = "Health"},
                                 {.status = 503, .meaning = "what is away", .schema = "Error"}};

}  // namespace

Endpoint healthcheck() {
  return {.name = "healthcheck",
          .path = "/healthcheck/",
          .summary = "whether the service can answer",
          .parameters = kParameters,
          .outcomes = kOutcomes,
          .limits = Limits::health,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
