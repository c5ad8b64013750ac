#include "api/items.hpp"
#include "api/lookups.hpp"
#include "api/search_query.hpp"

namespace freshet::api::endpoint {
namespace {

Task<Reply> answer(Services services, Call call) {
  const auto sources = services.sources.get(call.media);
  if (sources->has_counts) {
    co_return json_reply(build_stats(sources->stats));
  }
  // Nobody has counted yet: better late than zeros.
  const Result<std::string> body =
      co_await services.index.search(call.media, to_json(build_source_counts()), "", call.deadline);
  if (!body) {
    co_return store_failed(services.metrics, "elasticsearch", body.error());
  }
  auto counts = read_source_counts(*body);
  if (!counts) {
    co_return store_failed(services.metrics, "elasticsearch", counts.error());
  }
  services.sources.set_counts(call.media, std::move(counts->works), std::move(counts->newest));
  co_return json_reply(build_stats(services.sources.get(call.media)->stats));
}

constexpr Outcome kOutcomes[] = {{.meaning = "the sources by name", .schema = "SourceList"}};

}  // namespace

Endpoint stats() {
  return {.name = "stats",
          .path = "/v1/{media}/stats/",
          .summary = "sources and their numbers of works",
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .cache = std::chrono::seconds{60},
          .answer = answer};
}

}  // namespace freshet::api::endpoint
