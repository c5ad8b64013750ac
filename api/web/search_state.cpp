#include "api/web/search_state.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "api/query_string.hpp"
#include "api/web/escape.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

constexpr std::string_view kSource = "source";
constexpr int kMostPages = 10'000;
constexpr std::size_t kMostSources = 100;

bool is_in(Scope scope, const Filter& filter) {
  return scope == Scope::all || filter.is_of(scope == Scope::image ? Media::image : Media::audio);
}

bool is_filter(std::string_view name) {
  return name == kSource ||
         std::ranges::any_of(filters(), [&](const Filter& f) { return f.name == name; });
}

bool has_choice(Scope scope, std::string_view name, std::string_view value) {
  return std::ranges::any_of(filters(), [&](const Filter& filter) {
    return filter.name == name && is_in(scope, filter) &&
           std::ranges::any_of(filter.choices, [&](const Choice& c) { return c.value == value; });
  });
}

void add_values(SearchState& search, const std::string& name, std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string value{trim_space(list.substr(0, comma))};
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (name != kSource) {
      value = lower_ascii(value);
    }
    const bool is_known = name == kSource ? !value.empty() : has_choice(search.scope, name, value);
    if (!is_known || search.has(name, value)) {
      continue;
    }
    std::vector<std::string>& values = search.filters[name];
    if (values.size() < kMostSources) {
      values.push_back(std::move(value));
    }
  }
}

/// Values in the order of the page, so that one search has one address.
void put_in_order(SearchState& search) {
  for (auto& [name, values] : search.filters) {
    std::vector<std::string_view> order;
    for (const Filter& filter : filters()) {
      if (filter.name == name) {
        for (const Choice& choice : filter.choices) {
          order.push_back(choice.value);
        }
      }
    }
    std::ranges::sort(values, [&](const std::string& a, const std::string& b) {
      const auto at = [&](const std::string& value) { return std::ranges::find(order, value); };
      return at(a) != at(b) ? at(a) < at(b) : a < b;
    });
  }
}

void append_list(std::string& query, std::string_view name, const auto& values) {
  if (values.empty()) {
    return;
  }
  query.append(query.empty() ? "" : "&").append(name).append("=");
  const char* separator = "";
  for (const auto& value : values) {
    query.append(separator).append(url_encoded(value));
    separator = ",";
  }
}

}  // namespace

bool SearchState::has(std::string_view filter, std::string_view value) const {
  const auto found = filters.find(filter);
  return found != filters.end() && std::ranges::find(found->second, value) != found->second.end();
}

int SearchState::filter_count() const {
  std::size_t count = 0;
  for (const auto& [name, values] : filters) {
    count += values.size();
  }
  return static_cast<int>(count);
}

SearchState read_search(Scope scope, std::string_view query_text) {
  SearchState search;
  search.scope = scope;
  Query::for_each(query_text, [&](const std::string& name, const std::string& value) {
    if (name == "q") {
      search.words = trim_space(value);
    } else if (name == "sort") {
      search.is_newest_first = value == "newest";
    } else if (name == "page") {
      int page = 1;
      std::from_chars(value.data(), value.data() + value.size(), page);
      search.page = std::clamp(page, 1, kMostPages);
    } else if (is_filter(name)) {
      add_values(search, name, value);
    }
  });
  put_in_order(search);
  return search;
}

bool is_from_form(std::string_view query_text) {
  std::set<std::string> names;
  bool is_long = false;
  Query::for_each(query_text, [&](const std::string& name, const std::string& value) {
    is_long = !names.insert(name).second || (value.empty() && name != "q") ||
              (name == "sort" && value == "relevance") || is_long;
  });
  return is_long;
}

std::string search_path(std::string_view prefix, const SearchState& search) {
  std::string query;
  if (!search.words.empty()) {
    query = "q=" + url_encoded(search.words);
  }
  std::set<std::string_view> written;
  for (const Filter& filter : filters()) {
    const auto found = search.filters.find(filter.name);
    if (found != search.filters.end() && written.insert(filter.name).second) {
      append_list(query, filter.name, found->second);
    }
  }
  if (const auto found = search.filters.find(kSource); found != search.filters.end()) {
    append_list(query, kSource, found->second);
  }
  if (search.is_newest_first) {
    query.append(query.empty() ? "" : "&").append("sort=newest");
  }
  if (search.page > 1) {
    query.append(query.empty() ? "" : "&").append("page=").append(std::to_string(search.page));
  }
  std::string path{prefix};
  path += search.scope == Scope::all     ? "/search"
          : search.scope == Scope::image ? "/search/image"
                                         : "/search/audio";
  return query.empty() ? path : path + "?" + query;
}

SearchState without(SearchState search, std::string_view filter, std::string_view value) {
  if (const auto found = search.filters.find(filter); found != search.filters.end()) {
    std::erase(found->second, value);
    if (found->second.empty()) {
      search.filters.erase(found);
    }
  }
  search.page = 1;
  return search;
}

SearchState without_filters(SearchState search) {
  search.filters.clear();
  search.page = 1;
  return search;
}

SearchState in_scope(SearchState search, Scope scope) {
  search.scope = scope;
  search.page = 1;
  for (auto& [name, values] : search.filters) {
    if (name != kSource) {
      std::erase_if(values, [&, &filter = name](const std::string& value) {
        return !has_choice(scope, filter, value);
      });
    }
  }
  std::erase_if(search.filters, [](const auto& entry) { return entry.second.empty(); });
  return search;
}

std::optional<std::string> api_query(const SearchState& search, Media media, int page_size) {
  const Scope scope = media == Media::image ? Scope::image : Scope::audio;
  const SearchState of_media = in_scope(search, scope);
  if (of_media.filters.size() != search.filters.size()) {
    return std::nullopt;
  }
  std::string query =
      "page_size=" + std::to_string(page_size) + "&page=" + std::to_string(search.page);
  if (!search.words.empty()) {
    query += "&q=" + url_encoded(search.words);
  }
  for (const auto& [name, values] : of_media.filters) {
    append_list(query, name, values);
  }
  if (search.is_newest_first) {
    query += "&unstable__sort_by=indexed_on";
  }
  return query;
}

}  // namespace freshet::api::web
