#include "api/live_page.hpp"
#include "api/lookups.hpp"
#include "api/parameters.hpp"
#include "api/search_parameters.hpp"
#include "api/search_query.hpp"
#include "api/search_walk.hpp"
#include "api/usage/notes.hpp"
#include "core/log.hpp"

namespace freshet::api::endpoint {
namespace {

/// Asks for a part of the hits of a search; without what fields matched when the index refuses to
/// tell.
Task<std::variant<Hits, Reply>> find_hits(Services services, const Call& call,
                                          const SearchParameters& search, const SourceNames& hidden,
                                          Window window) {
  Result<Hits> hits =
      co_await ask_index(services, call, to_json(part_of(build_search(search, hidden), window)));
  if (!hits && hits.error().errc() == Errc::store_refused && hits.error().retry() == Retry::never) {
    const Error refusal = hits.error();
    Result<Hits> plain = co_await ask_index(
        services, call,
        to_json(part_of(build_search(search, hidden, FieldsMatched::left_out), window)));
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

/// A page of a walk to the end of the result.
Task<Reply> answer_walk(Services services, const Call& call, const SearchParameters& search,
                        const SourceNames& hidden) {
  auto walked = co_await walk(services, call, search, hidden);
  if (Reply* failure = std::get_if<Reply>(&walked)) {
    co_return std::move(*failure);
  }
  WalkedPage& page = std::get<WalkedPage>(walked);
  auto loaded = co_await find_rows(services, call, page.hits);
  if (Reply* failure = std::get_if<Reply>(&loaded)) {
    co_return std::move(*failure);
  }
  auto& rows = std::get<std::vector<WorkRow>>(loaded);
  // Not filled up again: a page of a walk ends where the next one begins.
  if (search.filter_dead.value_or(services.links.filters_by_default())) {
    co_await drop_dead(services, call.media, page.hits, rows);
  }
  const std::vector<ListItem> items = pair_items(services, page.hits, rows);
  const Peaks points = co_await find_peaks(services, call, search.with_peaks, identifiers_of(rows));
  const Counts counts{page.total, (page.total + search.page_size - 1) / search.page_size};
  if (page.page == 1) {
    note_search(services, call, page.total);
  }
  co_return json_reply(build_list(counts, search.page_size, page.page, items, search.warnings,
                                  {call.media, call.request.base_url, search.with_peaks, &points},
                                  &page.next));
}

Task<Reply> answer(Services services, Call call) {
  const auto sources = services.sources.get(call.media);
  auto parsed = parse_search(call.request.query, call.media, call.caller, sources->known);
  if (Reply* refusal = std::get_if<Reply>(&parsed)) {
    co_return std::move(*refusal);
  }
  const SearchParameters& search = std::get<SearchParameters>(parsed);
  if (search.cursor) {
    co_return co_await answer_walk(services, call, search, sources->hidden);
  }
  AskForHits ask = [&](Window window) {
    return find_hits(services, call, search, sources->hidden, window);
  };
  auto found = co_await find_page(services, call, search, sources->hidden, std::move(ask));
  if (Reply* failure = std::get_if<Reply>(&found)) {
    co_return std::move(*failure);
  }
  const LivePage& made = std::get<LivePage>(found);
  const std::vector<ListItem> items = pair_items(services, made.hits, made.rows);
  const Peaks points =
      co_await find_peaks(services, call, search.with_peaks, identifiers_of(made.rows));
  // Counted by hits: a row that is not there yet, or no longer, must not end the paging. Nor must a
  // page that dead links made short.
  const Counts all =
      count_pages(made.hits.total, made.is_end ? std::ssize(made.hits.hits) : search.page_size,
                  search.page_size, search.page);
  Counts counts = clamp_counts(all, search.page_size, call.caller.max_depth());
  if (search.exact_count) {
    counts.result_count = all.result_count;
  }
  note_search(services, call, all.result_count);
  co_return json_reply(build_list(counts, search.page_size, search.page, items, search.warnings,
                                  {call.media, call.request.base_url, search.with_peaks, &points}));
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
          .cost = 5,
          .cache = kWorksCache,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
