#include "api/handlers.hpp"

#include <algorithm>
#include <map>

#include "api/common_headers.hpp"
#include "api/docs_page.hpp"
#include "api/oembed.hpp"
#include "api/parameters.hpp"
#include "api/search_query.hpp"
#include "core/log.hpp"

namespace freshet::api {
namespace {

constexpr std::chrono::seconds kHealthTimeout{5};
constexpr int kRelatedPageSize = 10;

Reply json_reply(std::string body) { return {.status = 200, .body = std::move(body)}; }

Reply options_reply(Endpoint endpoint) {
  std::string body = "{\"name\":\"";
  body += to_string(endpoint);
  body += "\",\"renders\":[\"application/json\"]}";
  return json_reply(std::move(body));
}

/// Pins a caller to the same copies of the shards, whose scores may differ a little between copies.
std::string preference_of(const Request& request) {
  return "c" + std::to_string(std::hash<std::string>{}(request.client_address));
}

Reply root_reply() {
  return {.status = 302,
          .body = "",
          .content_type = "text/html; charset=utf-8",
          .headers = {{"Location", "/v1/"}}};
}

}  // namespace

Task<Reply> Handlers::handle(Request request) {
  const auto started_at = std::chrono::steady_clock::now();
  Reply reply;
  std::string_view label = "none";
  if (request.is_preflight) {
    label = "preflight";
    reply = preflight_reply();
  } else {
    auto found = find_route(request.path);
    auto caller = identify(request.authorization);
    if (std::holds_alternative<NoRoute>(found)) {
      reply = not_found_reply();
    } else if (const Moved* moved = std::get_if<Moved>(&found)) {
      label = "moved";
      reply = moved_reply(*moved, request.query_text);
    } else if (Reply* refusal = std::get_if<Reply>(&caller)) {
      label = to_string(std::get<Route>(found).endpoint);
      reply = std::move(*refusal);
    } else {
      Route route = std::get<Route>(std::move(found));
      label = to_string(route.endpoint);
      reply = co_await dispatch(std::move(route), request, std::get<Caller>(caller));
    }
  }
  add_common_headers(reply, request);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_at;
  metrics_.count_request(label, reply.status, took.count());
  log::debug("request_answered", {{"method", request.method},
                                  {"path", request.path},
                                  {"status", reply.status},
                                  {"seconds", took.count()},
                                  {"request_id", request.request_id}});
  co_return reply;
}

Task<Reply> Handlers::dispatch(Route route, Request request, Caller caller) {
  const Endpoint endpoint = route.endpoint;
  const bool is_options = request.method == "OPTIONS";
  Reply reply;
  if (!allows(endpoint, request.method)) {
    reply = error_reply(405, "Method \"" + request.method + "\" not allowed.");
  } else if (is_options) {
    reply = options_reply(endpoint);
  } else {
    try {
      switch (endpoint) {
        case Endpoint::root:
          reply = root_reply();
          break;
        case Endpoint::docs:
          reply = {.status = 200, .body = docs_page(), .content_type = "text/html; charset=utf-8"};
          break;
        case Endpoint::search:
          reply = co_await search(route.media, std::move(request), caller);
          break;
        case Endpoint::stats:
          reply = co_await stats(route.media);
          break;
        case Endpoint::detail:
          reply = co_await detail(std::move(route), std::move(request));
          break;
        case Endpoint::related:
          reply = co_await related(std::move(route), std::move(request));
          break;
        case Endpoint::oembed:
          reply = co_await oembed(std::move(request));
          break;
        case Endpoint::watermark:
          reply = error_reply(404, "The watermark feature is currently disabled.");
          break;
        case Endpoint::healthcheck:
          reply = co_await healthcheck(std::move(request));
          break;
        case Endpoint::gone:
          reply = {
              .status = 410,
              .body = R"({"error":"Gone","reason":"This API endpoint has been discontinued."})"};
          break;
      }
    } catch (const std::exception& fault) {
      log::error("request_failed", {{"route", to_string(endpoint)}, {"what", fault.what()}});
      reply = error_reply(500, "An internal server error occurred.");
    }
  }
  reply.headers.emplace_back("Allow", allowed_methods(endpoint));
  const auto cache = cache_control(endpoint);
  if (cache && reply.status == 200 && !is_options) {
    reply.headers.emplace_back("Cache-Control", *cache);
  }
  co_return reply;
}

Reply Handlers::store_failed(std::string_view store, const Error& error) {
  metrics_.count_failure(store, to_string(error.errc()));
  log::warn("store_read_failed",
            {{"store", store}, {"errc", to_string(error.errc())}, {"reason", error.message()}});
  const bool is_postgres = store == "postgres";
  const Errc errc = error.errc();
  if (errc == Errc::unreachable || errc == Errc::timed_out || errc == Errc::throttled) {
    Reply reply = error_reply(
        503, (is_postgres ? "Database unavailable: " : "Search unavailable: ") + error.message());
    reply.headers.emplace_back("Retry-After", "5");
    return reply;
  }
  // What the index says is part of the wire; what Postgres says of tables is nobody's business.
  return error_reply(500, is_postgres ? "An internal server error occurred." : error.message());
}

Task<std::variant<Hits, Reply>> Handlers::find_hits(Media media, std::string query,
                                                    std::string preference) {
  const Result<std::string> body =
      co_await index_.search(media, std::move(query), std::move(preference));
  if (!body) {
    co_return store_failed("elasticsearch", body.error());
  }
  Result<Hits> hits = read_hits(*body);
  if (!hits) {
    co_return store_failed("elasticsearch", hits.error());
  }
  co_return std::move(*hits);
}

Task<std::variant<std::vector<WorkRow>, Reply>> Handlers::find_rows(
    Media media, std::vector<std::string> identifiers) {
  Result<std::vector<WorkRow>> found = co_await store_.find(media, std::move(identifiers));
  if (!found) {
    co_return store_failed("postgres", found.error());
  }
  co_return std::move(*found);
}

namespace {

std::vector<std::string> identifiers_of(const Hits& hits) {
  std::vector<std::string> identifiers;
  identifiers.reserve(hits.hits.size());
  for (const Hit& hit : hits.hits) {
    identifiers.push_back(hit.identifier);
  }
  return identifiers;
}

/// Pairs hits with rows by identifier, in the order of the hits. Rows must outlive the items.
std::vector<ListItem> pair_items(const Hits& hits, const std::vector<WorkRow>& rows) {
  std::map<std::string_view, const WorkRow*> by_identifier;
  for (const WorkRow& row : rows) {
    by_identifier.emplace(row.identifier, &row);
  }
  std::vector<ListItem> items;
  for (const Hit& hit : hits.hits) {
    if (const auto found = by_identifier.find(hit.identifier); found != by_identifier.end()) {
      items.push_back({found->second, &hit.fields_matched});
    }
  }
  return items;
}

}  // namespace

Task<Reply> Handlers::search(Media media, Request request, Caller caller) {
  const auto sources = sources_.get(media);
  auto parsed = parse_search(request.query, media, caller, sources->known);
  if (Reply* refusal = std::get_if<Reply>(&parsed)) {
    co_return std::move(*refusal);
  }
  const SearchParameters& search = std::get<SearchParameters>(parsed);
  auto found = co_await find_hits(media, to_json(build_search(search, sources->hidden)),
                                  preference_of(request));
  if (Reply* failure = std::get_if<Reply>(&found)) {
    co_return std::move(*failure);
  }
  const Hits& hits = std::get<Hits>(found);
  auto loaded = co_await find_rows(media, identifiers_of(hits));
  if (Reply* failure = std::get_if<Reply>(&loaded)) {
    co_return std::move(*failure);
  }
  const std::vector<WorkRow>& rows = std::get<std::vector<WorkRow>>(loaded);
  const std::vector<ListItem> items = pair_items(hits, rows);
  metrics_.hits_without_row.add(static_cast<double>(hits.hits.size() - items.size()));
  // Counted by hits: a row that is not there yet, or no longer, must not end the paging.
  const Counts counts =
      clamp_counts(count_pages(hits.total, std::ssize(hits.hits), search.page_size, search.page),
                   search.page_size, caller.max_depth());
  co_return json_reply(build_list(counts, search.page_size, search.page, items, search.warnings,
                                  {media, request.base_url, search.with_peaks}));
}

Task<Reply> Handlers::detail(Route route, Request request) {
  const auto peaks = parse_peaks(request.query, route.media);
  if (const Reply* refusal = std::get_if<Reply>(&peaks)) {
    co_return *refusal;
  }
  const Result<std::optional<WorkRow>> row =
      co_await store_.find_one(route.media, route.identifier);
  if (!row) {
    co_return store_failed("postgres", row.error());
  }
  if (!*row || sources_.get(route.media)->hidden.contains((*row)->source.value_or(""))) {
    co_return error_reply(404, route.media == Media::image ? "No Image matches the given query."
                                                           : "No Audio matches the given query.");
  }
  Reply reply = json_reply("");
  append_item(reply.body, **row, {}, {route.media, request.base_url, std::get<bool>(peaks)});
  co_return reply;
}

Task<Reply> Handlers::related(Route route, Request request) {
  const auto peaks = parse_peaks(request.query, route.media);
  if (const Reply* refusal = std::get_if<Reply>(&peaks)) {
    co_return *refusal;
  }
  const Result<std::optional<WorkRow>> row =
      co_await store_.find_one(route.media, route.identifier);
  if (!row) {
    co_return store_failed("postgres", row.error());
  }
  const auto sources = sources_.get(route.media);
  if (!*row || sources->hidden.contains((*row)->source.value_or(""))) {
    co_return not_found_reply();
  }
  const RelatedTo work{(*row)->identifier, (*row)->title, (*row)->creator,
                       visible_tag_names(**row)};
  Hits hits;
  if (const auto query = build_related(work, sources->hidden)) {
    auto found = co_await find_hits(route.media, to_json(*query), preference_of(request));
    if (Reply* failure = std::get_if<Reply>(&found)) {
      co_return std::move(*failure);
    }
    hits = std::get<Hits>(std::move(found));
  }
  auto loaded = co_await find_rows(route.media, identifiers_of(hits));
  if (Reply* failure = std::get_if<Reply>(&loaded)) {
    co_return std::move(*failure);
  }
  const std::vector<WorkRow>& rows = std::get<std::vector<WorkRow>>(loaded);
  const std::vector<ListItem> items = pair_items(hits, rows);
  metrics_.hits_without_row.add(static_cast<double>(hits.hits.size() - items.size()));
  // The constant counts are what the wire has, however many there are.
  co_return json_reply(build_list({.result_count = kRelatedPageSize, .page_count = 1},
                                  kRelatedPageSize, 1, items, {},
                                  {route.media, request.base_url, std::get<bool>(peaks)}));
}

Task<Reply> Handlers::oembed(Request request) {
  auto parsed = parse_oembed(request.query);
  if (Reply* refusal = std::get_if<Reply>(&parsed)) {
    co_return std::move(*refusal);
  }
  const OembedTarget& target = std::get<OembedTarget>(parsed);
  const Result<std::optional<WorkRow>> row =
      co_await store_.find_one(Media::image, target.identifier);
  if (!row) {
    co_return store_failed("postgres", row.error());
  }
  if (!*row || sources_.get(Media::image)->hidden.contains((*row)->source.value_or(""))) {
    co_return oembed_error("Could not find image from the provided URL", target.url);
  }
  co_return json_reply(build_oembed(**row));
}

Task<Reply> Handlers::stats(Media media) {
  const auto sources = sources_.get(media);
  if (sources->has_counts) {
    co_return json_reply(build_stats(sources->stats));
  }
  // Nobody has counted yet: better late than zeros.
  const Result<std::string> body =
      co_await index_.search(media, to_json(build_source_counts()), "");
  if (!body) {
    co_return store_failed("elasticsearch", body.error());
  }
  auto counts = read_source_counts(*body);
  if (!counts) {
    co_return store_failed("elasticsearch", counts.error());
  }
  sources_.set_counts(media, std::move(*counts));
  co_return json_reply(build_stats(sources_.get(media)->stats));
}

Task<Reply> Handlers::healthcheck(Request request) {
  const Result<bool> database = co_await store_.ping();
  if (!database) {
    metrics_.count_failure("postgres", to_string(database.error().errc()));
    co_return error_reply(503, "Database unavailable: " + database.error().message());
  }
  if (request.query.contains("check_es")) {
    const Result<std::string> health = co_await index_.health(kHealthTimeout);
    if (!health) {
      const Error error = health.error();
      metrics_.count_failure("elasticsearch", to_string(error.errc()));
      co_return error_reply(
          503, error.errc() == Errc::timed_out ? "es_timed_out" : "es_" + error.message());
    }
    if (*health != "green") {
      co_return error_reply(503, "es_status_" + *health);
    }
  }
  co_return json_reply(R"({"status":"200 OK"})");
}

}  // namespace freshet::api
