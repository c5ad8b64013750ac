#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/media.hpp"
#include "api/parameters.hpp"
#include "core/json.hpp"

namespace freshet::api {

/// Whether hits say which fields matched.
enum class FieldsMatched { told, left_out };

/// The `_search` request of a validated search: page, query, order.
///
/// @param hidden  sources that must not be shown
/// @return Elasticsearch ≥ 7.17 or OpenSearch ≥ 2 request body; hits carry their identifier as
///         the last value of `sort` and, when asked for, `matched_queries`: names of fields.
///         Nothing in it reads what is stored of a work, so its cost does not depend on how long
///         the texts are.
///
/// One index holds everything here, so leaving out `sensitive_text` takes the place of upstream's
/// second index without it.
json::object build_search(const SearchParameters& search, const SourceNames& hidden,
                          FieldsMatched fields = FieldsMatched::told);

/// What a work has in common with its relatives.
struct RelatedTo {
  std::string identifier;
  std::optional<std::string> title;
  std::optional<std::string> creator;
  std::vector<std::string> tags;  ///< names; the first ten count, those of over 256 letters do not
};

/// The ten works that are most like one; nothing when it has nothing to compare by.
std::optional<json::object> build_related(const RelatedTo& work, const SourceNames& hidden);

/// Works by source, of what is live, and when the newest of them changed; every spelling of a name
/// counts for itself.
json::object build_source_counts();

/// Asks for nothing, to see whether the alias answers.
json::object build_probe();

/// An odd number of quotes cannot be phrases: each is then escaped.
std::string escape_quotes(std::string_view text);

}  // namespace freshet::api
