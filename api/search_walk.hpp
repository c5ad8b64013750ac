#pragma once

#include <string>
#include <variant>

#include "api/lookups.hpp"
#include "api/parameters.hpp"
#include "api/search_cursor.hpp"

namespace freshet::api {

/// One page of a walk through all of a result.
struct WalkedPage {
  Hits hits;
  std::int64_t total = 0;
  int page = 1;
  std::string next;  ///< cursor of the next page; empty: this was the last one
};

/// Asks for the page that `search.cursor` stands before.
///
/// All pages of a walk are read from one point in time of the index, each behind the last hit of
/// the one before, so that none is missed or repeated however much is written meanwhile. What is
/// counted, is counted for the first page.
///
/// @return the page, or the reply that refuses the cursor (400) or says which store failed
Task<std::variant<WalkedPage, Reply>> walk(Services services, const Call& call,
                                           const SearchParameters& search,
                                           const SourceNames& hidden);

}  // namespace freshet::api
