// What any client may send to the API: a target, split at its question mark as the server does.
#include "api/parameters.hpp"
#include "api/query_string.hpp"
#include "api/routes.hpp"
#include "api/search_query.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_search(const api::Query& query, api::Media media, const api::Caller& caller) {
  static const std::set<std::string> known{"flickr", "met"};
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

void check(std::string_view target) {
  const std::size_t mark = target.find('?');
  static_cast<void>(api::find_route(target.substr(0, mark)));
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
