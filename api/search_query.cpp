#include "api/search_query.hpp"

#include <algorithm>

#include "core/utf8.hpp"

namespace freshet::api {
namespace {

// Above all text relevance, so that a word in the title and popularity decide (rest-api.md §2.3).
constexpr int kTitleBoost = 10000;
constexpr int kPopularityBoost = 10000;
constexpr int kRelatedCount = 10;
constexpr std::size_t kRelatedTags = 10;
// Each word becomes a clause, and Elasticsearch refuses a query of more than 1,024 of them.
constexpr std::size_t kRelatedTitleLength = 500;
// Only these operators of the little query language work: no prefix, no fuzziness, no precedence,
// whose cost a caller could drive up.
constexpr std::string_view kFlags = "AND|NOT|PHRASE|WHITESPACE";

json::array to_array(const auto& values) {
  json::array array;
  for (const auto& value : values) {
    array.emplace_back(json::string_view{value});
  }
  return array;
}

json::object term(std::string_view field, json::value value) {
  return {{"term", json::object{{field, std::move(value)}}}};
}

json::object terms(std::string_view field, const auto& values) {
  return {{"terms", json::object{{field, to_array(values)}}}};
}

json::object words(std::string_view text, std::initializer_list<std::string_view> fields) {
  return {{"query", json::string_view{text}}, {"fields", to_array(fields)}, {"flags", kFlags}};
}

json::object simple_query(json::object body) { return {{"simple_query_string", std::move(body)}}; }

json::array filters(const SearchParameters& search) {
  json::array clauses;
  const auto add = [&](std::string_view field, const std::vector<std::string>& values) {
    if (!values.empty()) {
      clauses.push_back(terms(field, values));
    }
  };
  add("extension", search.extensions);
  add("category", search.categories);
  add("source", search.sources);
  add("license", search.licenses);
  add("license", search.licenses_of_types);
  add("length", search.lengths);
  add("aspect_ratio", search.aspect_ratios);
  add("size", search.sizes);
  return clauses;
}

json::array collection_filters(const SearchParameters& search) {
  json::array clauses;
  const auto add = [&](std::string_view field, const std::string& value) {
    if (!value.empty()) {
      clauses.push_back(term(field, json::string_view{value}));
    }
  };
  add("tags.name.keyword", search.collection_tag);
  add("source", search.collection_source);
  add("creator.keyword", search.collection_creator);
  return clauses;
}

enum class Sensitive { included, left_out };

void add_exclusions(json::array& clauses, Sensitive sensitive,
                    const std::set<std::string>& hidden) {
  if (sensitive == Sensitive::left_out) {
    clauses.push_back(term("mature", true));
    clauses.push_back(term("sensitivity", "sensitive_text"));
  }
  if (!hidden.empty()) {
    clauses.push_back(terms("source", hidden));
  }
}

json::array text_clauses(const SearchParameters& search) {
  json::array clauses;
  if (search.q) {
    const std::string text = escape_quotes(*search.q);
    json::object body = words(text, {"title", "description", "tags.name"});
    body["default_operator"] = "AND";
    if (text.find('"') != text.npos) {
      body["quote_field_suffix"] = ".raw";
    }
    clauses.push_back(simple_query(std::move(body)));
    return clauses;
  }
  const auto add = [&](std::string_view field, const std::optional<std::string>& text) {
    if (text) {
      clauses.push_back(simple_query(words(escape_quotes(*text), {field})));
    }
  };
  add("creator", search.creator);
  add("title", search.title);
  add("tags.name", search.tags);
  if (clauses.empty()) {
    clauses.push_back(json::object{{"match_all", json::object{}}});
  }
  return clauses;
}

json::object rank_feature(std::string_view field, int boost) {
  return {{"rank_feature", json::object{{"field", field}, {"boost", boost}}}};
}

json::array scores(const SearchParameters& search) {
  json::array clauses;
  if (search.q) {
    std::string text = escape_quotes(*search.q);
    std::erase(text, '"');
    json::object body = words(text, {"title"});
    body["boost"] = kTitleBoost;
    clauses.push_back(simple_query(std::move(body)));
  }
  clauses.push_back(rank_feature("standardized_popularity", kPopularityBoost));
  const int boost = static_cast<int>(search.authority_boost * 10000);
  if (search.boost_authority &&
      boost > 0) {  // a boost of 0 is refused by Elasticsearch, and says nothing
    clauses.push_back(rank_feature("authority_boost", boost));
  }
  return clauses;
}

/// The id breaks ties, so that no work stands on two pages.
json::array order(const SearchParameters& search) {
  const char* direction = search.sort_direction == SortDirection::ascending ? "asc" : "desc";
  const bool by_time = search.collection.has_value() || search.sort_by == SortBy::indexed_on;
  json::array sort;
  if (by_time) {
    sort.push_back(json::object{{"created_on", direction}});
  } else {
    sort.push_back(json::object{{"_score", "desc"}});
  }
  sort.push_back(json::object{{"identifier", "asc"}});
  return sort;
}

json::object highlights() {
  // Only which fields matched is wanted, hence one fragment each.
  return {{"order", "score"},
          {"number_of_fragments", 1},
          {"fields", json::object{{"title", json::object{}},
                                  {"description", json::object{}},
                                  {"tags.name", json::object{}}}}};
}

}  // namespace

std::string escape_quotes(std::string_view text) {
  if (std::ranges::count(text, '"') % 2 == 0) {
    return std::string{text};
  }
  std::string out;
  for (const char c : text) {
    if (c == '"') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

json::object build_search(const SearchParameters& search, const std::set<std::string>& hidden) {
  json::array must_not;
  if (!search.collection && !search.excluded_sources.empty()) {
    must_not.push_back(terms("source", search.excluded_sources));
  }
  add_exclusions(must_not, search.include_sensitive ? Sensitive::included : Sensitive::left_out,
                 hidden);
  json::object boolean;
  boolean["filter"] = search.collection ? collection_filters(search) : filters(search);
  boolean["must_not"] = std::move(must_not);
  if (!search.collection) {
    boolean["must"] = text_clauses(search);
    boolean["should"] = scores(search);
  }
  json::object request{{"from", (search.page - 1) * search.page_size},
                       {"size", search.page_size},
                       {"_source", false},
                       {"track_total_hits", 10000},
                       {"query", json::object{{"bool", std::move(boolean)}}},
                       {"sort", order(search)}};
  if (!search.collection) {
    request["highlight"] = highlights();
  }
  return request;
}

std::optional<json::object> build_related(const RelatedTo& work,
                                          const std::set<std::string>& hidden) {
  json::array should;
  if (work.title && !work.title->empty()) {
    const std::string_view title = first_code_points(*work.title, kRelatedTitleLength);
    should.push_back(json::object{{"match", json::object{{"title", json::string_view{title}}}}});
  }
  if (!work.tags.empty()) {
    std::vector<std::string> first{
        work.tags.begin(),
        work.tags.begin() + static_cast<std::ptrdiff_t>(std::min(kRelatedTags, work.tags.size()))};
    should.push_back(terms("tags.name.keyword", first));
  }
  if (should.empty()) {
    if (!work.creator || work.creator->empty()) {
      return std::nullopt;
    }
    should.push_back(term("creator.keyword", json::string_view{*work.creator}));
  }
  json::array must_not;
  add_exclusions(must_not, Sensitive::left_out, hidden);
  must_not.push_back(term("identifier", json::string_view{work.identifier}));
  return json::object{
      {"from", 0},
      {"size", kRelatedCount},
      {"_source", false},
      {"track_total_hits", false},
      {"query", json::object{{"bool", json::object{{"must_not", std::move(must_not)},
                                                   {"should", std::move(should)},
                                                   {"minimum_should_match", 1}}}}},
      {"sort", json::array{json::object{{"_score", "desc"}}, json::object{{"identifier", "asc"}}}}};
}

json::object build_probe() {
  return {{"size", 0}, {"track_total_hits", false}, {"terminate_after", 1}};
}

json::object build_source_counts() {
  return {
      {"size", 0},
      {"track_total_hits", false},
      {"aggs", json::object{{"sources", json::object{{"terms", json::object{{"field", "source"},
                                                                            {"size", 1000}}}}}}}};
}

}  // namespace freshet::api
