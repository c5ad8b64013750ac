#include "api/lookups.hpp"
#include "api/parameters.hpp"
#include "api/search_parameters.hpp"
#include "api/search_query.hpp"
#include "core/log.hpp"

namespace freshet::api::endpoint {
namespace {

/// The hits of a search; without what fields matched when the index refuses to tell.
Task<std::variant<Hits, Reply>> find_hits(Services services, const Call& call,
                                          const SearchParameters& search,
                                          const SourceNames& hidden) {
  Result<Hits> hits = co_await ask_index(services, call, to_json(build_search(search, hidden)));
  if (!hits && hits.error().errc() == Errc::store_refused && hits.error().retry() == Retry::never) {
    const Error refusal = hits.error();
    Result<Hits> plain = co_await ask_index(
        services, call, to_json(build_search(search, hidden, FieldsMatched::left_out)));
    if (plain) {
      services.metrics.count_incomplete("fields_matched");
      log::warn("search_incomplete", {{"lacking", "fields_matched"},
                                      {"media_type", store_name(call.media)},
                                      {"reason", refusal.message()}});
      hits = std::move(plain);
    }
  }
  co_return accept_hits(services, call.media, std::move(hits));
}

Task<Reply> answer(Services services, Call call) {
  const auto sources = services.sources.get(call.media);
  auto parsed = parse_search(call.request.query, call.media, call.caller, sources->known);
  if (Reply* refusal = std::get_if<Reply>(&parsed)) {
    co_return std::move(*refusal);
  }
  const SearchParameters& search = std::get<SearchParameters>(parsed);
  auto found = co_await find_hits(services, call, search, sources->hidden);
  if (Reply* failure = std::get_if<Reply>(&found)) {
    co_return std::move(*failure);
  }
  const Hits& hits = std::get<Hits>(found);
  auto loaded = co_await find_rows(services, call, hits);
  if (Reply* failure = std::get_if<Reply>(&loaded)) {
    co_return std::move(*failure);
  }
  const std::vector<ListItem> items =
      pair_items(services, hits, std::get<std::vector<WorkRow>>(loaded));
  // Counted by hits: a row that is not there yet, or no longer, must not end the paging.
  const Counts all = count_pages(hits.total, std::ssize(hits.hits), search.page_size, search.page);
  Counts counts = clamp_counts(all, search.page_size, call.caller.max_depth());
  if (search.exact_count) {
    counts.result_count = all.result_count;
  }
  co_return json_reply(build_list(counts, search.page_size, search.page, items, search.warnings,
                                  {call.media, call.request.base_url, search.with_peaks}));
}

constexpr Outcome kOutcomes[] = {{.meaning = "a page", .schema = "Paginated{Media}List"}};

}  // namespace

Endpoint search() {
  return {.name = "search",
          .path = "/v1/{media}/",
          .summary = "search",
          .parameters = search_parameters(),
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .cache = kWorksCache,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
