#include "api/search_walk.hpp"

#include "api/search_query.hpp"
#include "core/log.hpp"

namespace freshet::api {
namespace {

Reply refuse_cursor(std::string message) {
  return field_error_reply({{"cursor", {std::move(message)}}});
}

Reply refuse_unreadable() {
  return refuse_cursor(
      "The cursor was altered, or is none of this catalogue's. Begin anew with `cursor=*`.");
}

Reply refuse_other_search() {
  return refuse_cursor(
      "The cursor belongs to another search. Send it with the parameters of the search that it "
      "came from, or begin anew with `cursor=*`.");
}

Reply refuse_expired() {
  return refuse_cursor(
      "The cursor has expired: it lives 10 minutes past its last use. Begin anew with `cursor=*`.");
}

/// Whether a point in time, or a part of it, is no longer kept.
bool is_gone(const Error& error) {
  return (error.errc() == Errc::store_refused && error.retry() == Retry::after_backoff) ||
         error.message().find("search_context_missing") != std::string::npos;
}

/// Whether a node holds as many points in time as its settings let it
/// (`search.max_open_pit_context` of OpenSearch).
bool has_no_room(const Error& error) {
  const std::string& message = error.message();
  return message.find("max_open_pit_context") != message.npos ||
         message.find("too many Point In Time") != message.npos;
}

std::string build_request(const SearchParameters& search, const SourceNames& hidden,
                          FieldsMatched fields, const SearchCursor& at) {
  json::object request = build_search(search, hidden, fields);
  request.erase("from");
  request["pit"] = json::object{{"id", at.point}, {"keep_alive", "10m"}};
  if (!at.after.empty()) {
    const Result<json::value> after = parse_json(at.after);
    request["search_after"] = after ? *after : json::value{nullptr};
    request["track_total_hits"] = false;
  }
  return to_json(request);
}

Task<Result<Hits>> ask_point(Services services, const Call& call, std::string request) {
  const Result<std::string> body =
      co_await services.index.search_point(std::move(request), call.deadline);
  if (!body) {
    co_return body.error();
  }
  co_return read_hits(*body);
}

/// Asks for a page; without what fields matched when the index refuses to tell.
Task<Result<Hits>> ask_page(Services services, const Call& call, const SearchParameters& search,
                            const SourceNames& hidden, const SearchCursor& at) {
  Result<Hits> hits =
      co_await ask_point(services, call, build_request(search, hidden, FieldsMatched::told, at));
  if (!hits && hits.error().errc() == Errc::store_refused && hits.error().retry() == Retry::never) {
    const std::string refusal = hits.error().message();
    Result<Hits> plain = co_await ask_point(
        services, call, build_request(search, hidden, FieldsMatched::left_out, at));
    if (plain) {
      services.metrics.count_incomplete("fields_matched");
      log::warn("search_incomplete", {{"lacking", "fields_matched"},
                                      {"media_type", store_name(call.media)},
                                      {"reason", refusal}});
      hits = std::move(plain);
    }
  }
  co_return hits;
}

/// Where the walk stands, as the caller says, or at its beginning.
Task<std::variant<SearchCursor, Reply>> read_place(Services services, const Call& call,
                                                   const std::string& text,
                                                   const std::string& key) {
  std::string digest = search_digest(call.request.query, call.media, call.caller);
  if (text != kFirstCursor) {
    std::optional<SearchCursor> at = read_cursor(text, key);
    if (!at) {
      co_return refuse_unreadable();
    }
    if (at->search != digest) {
      co_return refuse_other_search();
    }
    co_return std::move(*at);
  }
  Result<std::string> point =
      co_await services.index.open_point(call.media, preference_of(call.request), call.deadline);
  if (!point && has_no_room(point.error())) {
    const Error fault = point.error();
    services.metrics.count_failure("elasticsearch", to_string(fault.errc()));
    log::warn("walk_refused", {{"reason", fault.message()}});
    Reply reply = error_reply(
        503, "Too many walks are under way. Begin in a minute, or page by number until then.");
    reply.headers.emplace_back("Retry-After", "60");
    co_return reply;
  }
  if (!point) {
    co_return store_failed(services.metrics, "elasticsearch", point.error());
  }
  co_return SearchCursor{std::move(digest), std::move(*point), "", 0, 0};
}

}  // namespace

Task<std::variant<WalkedPage, Reply>> walk(Services services, const Call& call,
                                           const SearchParameters& search,
                                           const SourceNames& hidden) {
  const Result<std::string> key = co_await services.store.secret(call.deadline);
  if (!key) {
    co_return store_failed(services.metrics, "postgres", key.error());
  }
  auto place = co_await read_place(services, call, *search.cursor, *key);
  if (Reply* refusal = std::get_if<Reply>(&place)) {
    co_return std::move(*refusal);
  }
  SearchCursor at = std::get<SearchCursor>(std::move(place));
  const bool is_first = at.after.empty();
  Result<Hits> asked = co_await ask_page(services, call, search, hidden, at);
  if (!asked && !is_first && is_gone(asked.error())) {
    co_return refuse_expired();
  }
  auto accepted = accept_hits(services, call.media, std::move(asked));
  if (Reply* failure = std::get_if<Reply>(&accepted)) {
    co_return std::move(*failure);
  }
  WalkedPage page;
  page.hits = std::get<Hits>(std::move(accepted));
  page.total = is_first ? page.hits.total : at.total;
  page.page = at.page + 1;
  if (std::ssize(page.hits.hits) == search.page_size) {
    const std::string& point = page.hits.point.empty() ? at.point : page.hits.point;
    page.next = sign_cursor(
        {std::move(at.search), point, page.hits.last_sort, page.total, page.page}, *key);
  } else if (is_first) {
    // Nobody can ask for more of it; whether it is let go of now or in ten minutes is no matter.
    static_cast<void>(co_await services.index.close_point(at.point, call.deadline));
  }
  co_return page;
}

}  // namespace freshet::api
