#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/media.hpp"
#include "api/parameters.hpp"
#include "core/json.hpp"

namespace freshet::api {

/// The `_search` request of a validated search: page, query, order and highlights.
///
/// @param hidden  sources that must not be shown
/// @return Elasticsearch ≥ 7.17 or OpenSearch request body; hits carry `_id` and `highlight`, no
/// source.
/// @source  rest-api.md §2.3–2.6. One index holds everything here, so leaving out `sensitive_text`
///          takes the place of the `-filtered` index.
json::object build_search(const SearchParameters& search, const std::set<std::string>& hidden);

/// What a work has in common with its relatives.
struct RelatedTo {
  std::string identifier;
  std::optional<std::string> title;
  std::optional<std::string> creator;
  std::vector<std::string> tags;  ///< names; the first ten count
};

/// The ten works that are most like one; nothing when it has nothing to compare by.
/// @source  rest-api.md §2.9
std::optional<json::object> build_related(const RelatedTo& work,
                                          const std::set<std::string>& hidden);

/// Works by source, of what is live.
json::object build_source_counts();

/// Asks for nothing, to see whether the alias answers.
json::object build_probe();

/// An odd number of quotes cannot be phrases: each is then escaped.
std::string escape_quotes(std::string_view text);

}  // namespace freshet::api
