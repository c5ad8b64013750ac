#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/endpoint.hpp"
#include "api/items.hpp"
#include "api/search_reply.hpp"

namespace freshet::api::web {

/// The largest number of matches that the index counts; from here on there are as many or more.
constexpr std::int64_t kMostCounted = 10'000;
/// Pages end where the API's do for those who may go deepest: at this many works.
constexpr int kDepth = 4'800;

/// Works as a page shows them.
struct Listing {
  unsigned failure = 0;  ///< status of the page where a store failed; 0: none did
  std::int64_t total = 0;
  std::vector<WorkRow> works;
  std::vector<std::string> unknown_sources;  ///< asked for, but not there
};

/// One work, or what became of it.
struct Lookup {
  unsigned failure = 0;
  std::optional<WorkRow> work;
  bool is_gone = false;  ///< it was here, and was taken down
};

/// How recent a source is.
struct SourceFreshness {
  std::int64_t newest_millis = 0;
};

// What the pages ask the stores: the same functions as the API's endpoints, called in-process. All
// end when the request's time is over (docs/api.md).

/// @param query_text  for `parse_search`; it may page deep and sort, as a page of ours is a caller
///                    that is trusted with it
Task<Listing> list_works(Services services, const Request& request, Media media,
                         std::string query_text, bool with_sensitive);

Task<Lookup> find_one(Services services, const Request& request, Media media,
                      std::string identifier);

/// Up to ten works like one.
Task<std::vector<WorkRow>> find_related(Services services, const Request& request, Media media,
                                        const WorkRow& work);

/// What the index would spell differently; empty where it would not.
Task<std::string> suggest_spelling(Services services, const Request& request, Media media,
                                   std::string words);

/// When each source, by its name as indexed, last brought a work; empty when the index is away.
Task<std::map<std::string, SourceFreshness>> source_freshness(Services services,
                                                              const Request& request, Media media);

/// The query and reply of `suggest_spelling`.
json::object build_suggestion(const std::string& words);
std::string read_suggestion(std::string_view body, const std::string& words);

}  // namespace freshet::api::web
