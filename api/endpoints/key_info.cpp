#include "api/lookups.hpp"
#include "core/json_writer.hpp"

namespace freshet::api::endpoint {
namespace {

Task<Reply> answer(Services services, Call call) {
  // Asked anew, so that a link that was opened a moment ago shows.
  const auto found = co_await services.accounts.find_client(call.caller.client_id, call.deadline);
  if (!found) {
    co_return store_failed(services.metrics, "postgres", found.error());
  }
  if (!*found) {
    co_return error_reply(403, "Forbidden");
  }
  const Application& application = (*found)->application;
  std::vector<Limit> limits;
  if (const Rates* const rates = services.limiter.rates()) {
    limits = limits_of_application(application.client_id, application.model, *rates);
  }
  const auto counts = co_await services.limiter.count(limits);
  const bool are_known = counts && counts->size() == 2;
  Reply reply = json_reply("");
  ObjectWriter object{reply.body};
  const auto count = [&](std::string_view name, std::size_t place) {
    are_known ? object.integer(name, (*counts)[place]) : object.null(name);
  };
  count("requests_this_minute", 0);
  count("requests_today", 1);
  object.text("rate_limit_model", to_string(application.model));
  object.boolean("verified", application.is_verified);
  object.close();
  reply.status = counts ? 200 : 424;
  co_return reply;
}

constexpr Outcome kOutcomes[] = {
    {.meaning = "what was used of the limits", .schema = "KeyInfo"},
    {.status = 424, .meaning = "the counts cannot be read now", .schema = "KeyInfo"}};

}  // namespace

Endpoint key_info() {
  return {.name = "key_info",
          .path = "/v1/rate_limit/",
          .summary = "what your application used of its limits",
          .outcomes = kOutcomes,
          .access = Access::authenticated,
          .limits = Limits::key_info,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
