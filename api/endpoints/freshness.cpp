#include "api/freshness.hpp"

#include "api/endpoint.hpp"
#include "core/log.hpp"

namespace freshet::api::endpoint {
namespace {

Task<Reply> answer(Services services, Call call) {
  const Result<std::string> body = co_await services.freshness.get(call.deadline);
  if (!body) {
    const Error fault = body.error();
    services.metrics.count_failure("kafka", to_string(fault.errc()));
    // The reason names brokers and topics, which are nobody's business.
    log::warn("freshness_not_measured", {{"reason", fault.message()}});
    Reply reply = error_reply(503, "Freshness is not measured now. Ask again in a few seconds.");
    reply.headers.emplace_back("Retry-After", "5");
    co_return reply;
  }
  co_return json_reply(*body);
}

constexpr Outcome kOutcomes[] = {
    {.meaning = "seconds behind, by stage and provider", .schema = "Freshness"}};

}  // namespace

Endpoint freshness() {
  return {.name = "freshness",
          .path = "/v1/freshness/",
          .summary = "how far each stage is behind",
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .cache = std::chrono::seconds{5},
          .answer = answer};
}

}  // namespace freshet::api::endpoint
