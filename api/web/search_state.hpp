#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/media.hpp"
#include "api/web/labels.hpp"

namespace freshet::api::web {

/// What a search page looks at.
enum class Scope { all, image, audio };

/// A search as its address says it: nothing else is kept anywhere.
struct SearchState {
  Scope scope = Scope::all;
  std::string words;
  /// By the name of the parameter, `source` among them; no value twice.
  std::map<std::string, std::vector<std::string>, std::less<>> filters;
  bool is_newest_first = false;
  int page = 1;

  bool has(std::string_view filter, std::string_view value) const;
  int filter_count() const;
  friend bool operator==(const SearchState&, const SearchState&) = default;
};

/// Reads the query of an address. Values that no filter of the scope has are left out, as are
/// parameters that are not known; both spellings of a list are read, `a=1,2` and `a=1&a=2`.
/// @param query_text  as sent, not decoded
SearchState read_search(Scope scope, std::string_view query_text);

/// Whether an address is as a form without scripts sends it, and has a shorter form.
bool is_from_form(std::string_view query_text);

/// The path with the query of a search, always the same for the same search: `/search/image?q=owl`.
/// @param prefix  of the language: `/ar`, or nothing
std::string search_path(std::string_view prefix, const SearchState& search);

/// The search without a filter's value, from its first page.
SearchState without(SearchState search, std::string_view filter, std::string_view value);
/// The search without any filter.
SearchState without_filters(SearchState search);
/// The search in another scope; what no filter there has is left out.
SearchState in_scope(SearchState search, Scope scope);

/// The query for `parse_search` that asks for works of one kind; nothing when a filter that is set
/// has no value for this kind, so that no work of it can match.
std::optional<std::string> api_query(const SearchState& search, Media media, int page_size);

}  // namespace freshet::api::web
