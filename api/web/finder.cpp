#include "api/web/finder.hpp"

#include <utility>

#include "api/live_page.hpp"
#include "api/lookups.hpp"
#include "api/parameters.hpp"
#include "api/search_query.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

Call call_for(const Request& request, Media media, std::string identifier = {}) {
  Request asked;
  asked.client_address = request.client_address;
  return {.request = std::move(asked),
          .media = media,
          .identifier = std::move(identifier),
          .text = {},
          .caller = {},
          .body = {},
          .deadline = Deadline{request.arrived_at + kRequestLimit}};
}

Caller trusted_caller() {
  Caller caller;
  caller.is_authenticated = true;
  caller.may_have_large_pages = true;
  caller.may_page_deep = true;
  return caller;
}

/// Sources with their newest work.
json::object build_freshness() {
  constexpr int kMostSources = 10'000;
  return {
      {"size", 0},
      {"track_total_hits", false},
      {"aggs",
       json::object{
           {"sources",
            json::object{
                {"terms", json::object{{"field", "source"}, {"size", kMostSources}}},
                {"aggs",
                 json::object{{"newest",
                               json::object{{"max", json::object{{"field", "created_on"}}}}}}}}}}}};
}

/// Rows in the order of the hits.
std::vector<WorkRow> in_order(Services services, const Hits& hits,
                              const std::vector<WorkRow>& rows) {
  std::vector<WorkRow> works;
  for (const ListItem& item : pair_items(services, hits, rows)) {
    works.push_back(*item.row);
  }
  return works;
}

}  // namespace

Task<Listing> list_works(Services services, const Request& request, Media media,
                         std::string query_text, bool with_sensitive) {
  Listing listing;
  Call call = call_for(request, media);
  if (with_sensitive) {
    query_text += "&mature=true";
  }
  call.request.query = Query::parse(query_text);
  const auto sources = services.sources.get(media);
  auto parsed = parse_search(call.request.query, media, trusted_caller(), sources->known);
  if (std::holds_alternative<Reply>(parsed)) {
    // All else was checked when the address was read: no source of that name, or white space alone.
    co_return listing;
  }
  const SearchParameters& search = std::get<SearchParameters>(parsed);
  for (const SourceWarning& warning : search.warnings) {
    listing.unknown_sources = warning.invalid_sources;
  }
  AskForHits ask = [&](Window window) -> Task<std::variant<Hits, Reply>> {
    const json::object query =
        part_of(build_search(search, sources->hidden, FieldsMatched::left_out), window);
    co_return accept_hits(services, media, co_await ask_index(services, call, to_json(query)));
  };
  auto found = co_await find_page(services, call, search, sources->hidden, std::move(ask));
  if (const Reply* failure = std::get_if<Reply>(&found)) {
    listing.failure = failure->status;
    co_return listing;
  }
  const LivePage& made = std::get<LivePage>(found);
  listing.total = made.hits.total;
  listing.works = in_order(services, made.hits, made.rows);
  co_return listing;
}

Task<Lookup> find_one(Services services, const Request& request, Media media,
                      std::string identifier) {
  Lookup lookup;
  const Call call = call_for(request, media, identifier);
  auto found = co_await find_work(services, call);
  if (const Reply* failure = std::get_if<Reply>(&found)) {
    lookup.failure = failure->status;
    co_return lookup;
  }
  lookup.work = std::get<std::optional<WorkRow>>(std::move(found));
  if (!lookup.work) {
    const Result<std::string> status =
        co_await services.store.status_of(media, identifier, call.deadline);
    lookup.is_gone = status && (*status == "blocked" || *status == "removed_at_source");
  }
  co_return lookup;
}

Task<std::vector<WorkRow>> find_related(Services services, const Request& request, Media media,
                                        const WorkRow& work) {
  const Call call = call_for(request, media);
  const auto sources = services.sources.get(media);
  const RelatedTo like{work.identifier, work.text<Field::title>(), work.text<Field::creator>(),
                       visible_tag_names(work)};
  const auto query = build_related(like, sources->hidden);
  if (!query) {
    co_return std::vector<WorkRow>{};
  }
  auto found = accept_hits(services, media, co_await ask_index(services, call, to_json(*query)));
  Hits* const hits = std::get_if<Hits>(&found);
  if (hits == nullptr) {
    co_return std::vector<WorkRow>{};  // the work itself is what was asked for
  }
  auto rows = co_await find_rows(services, call, *hits);
  auto* const works = std::get_if<std::vector<WorkRow>>(&rows);
  if (works == nullptr) {
    co_return std::vector<WorkRow>{};
  }
  co_await drop_dead(services, media, *hits, *works);
  co_return in_order(services, *hits, *works);
}

json::object build_suggestion(const std::string& words) {
  return {{"size", 0},
          {"track_total_hits", false},
          {"suggest",
           json::object{{"text", words},
                        {"title", json::object{{"term", json::object{{"field", "title.raw"},
                                                                     {"suggest_mode", "missing"},
                                                                     {"sort", "frequency"},
                                                                     {"size", 1}}}}}}}};
}

std::string read_suggestion(std::string_view body, const std::string& words) {
  const Result<json::value> reply = parse_json(body);
  if (!reply) {
    return {};
  }
  const json::value& entries = value_at(*reply, "/suggest/title");
  if (!entries.is_array()) {
    return {};
  }
  std::string corrected;
  for (const json::value& entry : entries.get_array()) {
    const auto better = text_at(entry, "/options/0/text");
    const auto as_typed = text_at(entry, "/text");
    if (better || as_typed) {
      corrected.append(corrected.empty() ? "" : " ").append(better ? *better : *as_typed);
    }
  }
  return corrected == lower_ascii(words) ? std::string{} : corrected;
}

Task<std::string> suggest_spelling(Services services, const Request& request, Media media,
                                   std::string words) {
  // What is quoted or excluded is meant as it is typed.
  if (words.empty() || words.find_first_of("\"-+") != words.npos) {
    co_return std::string{};
  }
  const Result<std::string> body = co_await services.index.search(
      media, to_json(build_suggestion(words)), "", Deadline{request.arrived_at + kRequestLimit});
  co_return body ? read_suggestion(*body, words) : std::string{};
}

Task<std::map<std::string, SourceFreshness>> source_freshness(Services services,
                                                              const Request& request, Media media) {
  const Result<std::string> body = co_await services.index.search(
      media, to_json(build_freshness()), "", Deadline{request.arrived_at + kRequestLimit});
  std::map<std::string, SourceFreshness> freshness;
  const Result<json::value> reply = body ? parse_json(*body) : Result<json::value>{body.error()};
  if (!reply) {
    co_return freshness;
  }
  const json::value& buckets = value_at(*reply, "/aggregations/sources/buckets");
  if (!buckets.is_array()) {
    co_return freshness;
  }
  for (const json::value& bucket : buckets.get_array()) {
    const auto name = text_at(bucket, "/key");
    const json::value& newest = value_at(bucket, "/newest/value");
    if (name && newest.is_number()) {
      freshness[std::string{*name}].newest_millis =
          static_cast<std::int64_t>(newest.to_number<double>());
    }
  }
  co_return freshness;
}

}  // namespace freshet::api::web
