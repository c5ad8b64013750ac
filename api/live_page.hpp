#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "api/lookups.hpp"
#include "api/search_query.hpp"

namespace freshet::api {

/// A page of works whose links are not dead.
struct LivePage {
  Hits hits;  ///< of the page, in order; those without a row as well
  std::vector<WorkRow> rows;
  /// It is short because nothing of the query lies behind it. A page may be short without that: its
  /// hits were dead, and there was no time to look further on.
  bool is_end = false;
};

/// Asks the index for a part of the hits of one query.
using AskForHits = std::function<Task<std::variant<Hits, Reply>>(Window window)>;

/// Makes a page of a query's hits, without those whose link is known to be dead; in their place
/// come the next ones, so that it is full where there are enough. What a page was made of is kept
/// for the query, so that the next page begins behind it, and no work is on two pages.
///
/// It ends short of that after a few rounds, or when the call's deadline is near; `is_end` tells
/// that from the end of the hits.
///
/// @param query  names the query, whatever its page: the same for the same hits
Task<std::variant<LivePage, Reply>> find_live_page(Services services, const Call& call,
                                                   std::string query, int page_size, int page,
                                                   AskForHits ask);

/// The request for a part of the hits of a query.
json::object part_of(json::object query, Window window);

/// The page of a search: with or without dead links, as the caller says, or else as is set.
Task<std::variant<LivePage, Reply>> find_page(Services services, const Call& call,
                                              const SearchParameters& search,
                                              const SourceNames& hidden, AskForHits ask);

/// Leaves out works whose link is known to be dead, of a list that is no page. Both outlive it.
Task<void> drop_dead(Services services, Media media, Hits& hits, std::vector<WorkRow>& rows);

}  // namespace freshet::api
