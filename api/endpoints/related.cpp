#include "api/live_page.hpp"
#include "api/lookups.hpp"
#include "api/parameters.hpp"
#include "api/search_parameters.hpp"
#include "api/search_query.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr int kRelatedPageSize = 10;

Task<Reply> answer(Services services, Call call) {
  const auto peaks = parse_peaks(call.request.query, call.media);
  if (const Reply* refusal = std::get_if<Reply>(&peaks)) {
    co_return *refusal;
  }
  auto of = co_await find_work(services, call);
  if (Reply* failure = std::get_if<Reply>(&of)) {
    co_return std::move(*failure);
  }
  const auto& row = std::get<std::optional<WorkRow>>(of);
  if (!row) {
    co_return not_found_reply();
  }
  const RelatedTo work{row->identifier, row->text<Field::title>(), row->text<Field::creator>(),
                       visible_tag_names(*row)};
  const auto sources = services.sources.get(call.media);
  Hits hits;
  if (const auto query = build_related(work, sources->hidden)) {
    auto found =
        accept_hits(services, call.media, co_await ask_index(services, call, to_json(*query)));
    if (Reply* failure = std::get_if<Reply>(&found)) {
      co_return std::move(*failure);
    }
    hits = std::get<Hits>(std::move(found));
  }
  auto loaded = co_await find_rows(services, call, hits);
  if (Reply* failure = std::get_if<Reply>(&loaded)) {
    co_return std::move(*failure);
  }
  std::vector<WorkRow>& rows = std::get<std::vector<WorkRow>>(loaded);
  co_await drop_dead(services, call.media, hits, rows);
  const std::vector<ListItem> items = pair_items(services, hits, rows);
  const Peaks points =
      co_await find_peaks(services, call, std::get<bool>(peaks), identifiers_of(rows));
  // The constant counts are what the wire has, however many there are.
  co_return json_reply(
      build_list({.result_count = kRelatedPageSize, .page_count = 1}, kRelatedPageSize, 1, items,
                 {}, {call.media, call.request.base_url, std::get<bool>(peaks), &points}));
}

constexpr Outcome kOutcomes[] = {
    {.meaning = "a page of ten or fewer", .schema = "Paginated{Media}List"},
    {.status = 404, .meaning = "no such work", .schema = "Error"}};

}  // namespace

Endpoint related() {
  return {.name = "related",
          .path = "/v1/{media}/{id}/related/",
          .summary = "up to ten works like it",
          .parameters = work_parameters(),
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .cost = 5,
          .cache = kWorksCache,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
