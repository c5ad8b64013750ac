// What any client may send to the API: a target, split at its question mark as the server does, or
// a body of each form.
#include <vector>

#include "api/change_feed.hpp"
#include "api/dump_files.hpp"
#include "api/endpoint.hpp"
#include "api/parameters.hpp"
#include "api/query_string.hpp"
#include "api/request_body.hpp"
#include "api/routes.hpp"
#include "api/search_cursor.hpp"
#include "api/search_query.hpp"
#include "core/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_search(const api::Query& query, api::Media media, const api::Caller& caller) {
  static const api::SourceNames known{"flickr", "met"};
  const auto parsed = api::parse_search(query, media, caller, known);
  if (const auto* const refusal = std::get_if<api::Reply>(&parsed)) {
    require(refusal->status >= 400 && refusal->status < 500, "a bad search is the client's fault");
    require_json(refusal->body, "a refusal is JSON");
    return;
  }
  const auto& search = std::get<api::SearchParameters>(parsed);
  require(search.page >= 1 && search.page_size >= 1, "pages are counted from one");
  require_json(to_json(json::value{api::build_search(search, {"met"})}), "a search is JSON");
}

void check_body(std::string_view text) {
  static const api::BodyRule rule{
      {api::BodyForm::json, api::BodyForm::form, api::BodyForm::multipart}};
  api::Request request;
  request.has_body = true;
  request.body = text;
  for (const char* type : {"application/json", "application/x-www-form-urlencoded",
                           "multipart/form-data; boundary=b"}) {
    request.content_type = type;
    const auto parsed = api::parse_body(request, rule);
    if (const auto* const refusal = std::get_if<api::Reply>(&parsed)) {
      require(refusal->status == 400, "a broken body is a bad request");
      require_json(refusal->body, "a refusal is JSON");
      continue;
    }
    require_json(to_json(std::get<api::Body>(parsed).content), "a body can be written as JSON");
  }
}

/// Cursors and ranges, which clients send back as they like.
void check_places(std::string_view text) {
  require(!api::read_cursor(text, "a key"), "what nobody signed is no cursor");
  // Signed, the same text comes back whatever is in it.
  const api::SearchCursor cursor{std::string{text.substr(0, text.size() / 2)}, "point", "[1.5,2]",
                                 static_cast<std::int64_t>(text.size()), 3};
  if (is_utf8(cursor.search)) {
    const auto again = api::read_cursor(api::sign_cursor(cursor, "a key"), "a key");
    require(again && again->search == cursor.search && again->total == cursor.total,
            "a cursor is read as it was signed");
  }
  if (const auto position = api::parse_feed_position(text)) {
    require(api::parse_feed_position(api::to_text(*position)) == position,
            "a position is read as it is written");
  }
  constexpr std::uint64_t kBytes = 1000;
  auto fault = api::RangeFault::none;
  if (const auto range = api::parse_range(text, kBytes, fault)) {
    require(range->size > 0 && range->first + range->size <= kBytes, "a range lies in the file");
  }
}

api::Task<api::Reply> never_asked(api::Services, api::Call) { co_return api::Reply{}; }

// Every kind of path that there is. The endpoints themselves need stores, and are not what is
// asked.
std::vector<api::Endpoint> paths() {
  std::vector<api::Endpoint> list;
  for (const char* path : {"/", "/v1/", "/healthcheck/", "/v1/{media}/", "/v1/{media}/stats/",
                           "/v1/images/oembed/", "/v1/{media}/{id}/", "/v1/{media}/{id}/related/",
                           "/v1/images/tag/{text}/", "/v1/link/{rest}"}) {
    list.push_back({.name = path, .path = path, .answer = never_asked});
  }
  return list;
}

void check(std::string_view target) {
  check_body(target);
  check_places(target);
  const std::size_t mark = target.find('?');
  static const api::Router router{paths()};
  static_cast<void>(router.find(target.substr(0, mark)));
  if (mark == std::string_view::npos) {
    return;
  }
  const api::Query query = api::Query::parse(target.substr(mark + 1));
  const api::Caller anonymous;
  const api::Caller privileged{
      .is_authenticated = true, .may_have_large_pages = true, .may_page_deep = true};
  for (const api::Media media : {api::Media::image, api::Media::audio}) {
    check_search(query, media, anonymous);
    check_search(query, media, privileged);
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
