#include "api/search_query.hpp"

#include <algorithm>

#include "api/query_words.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

// As upstream: above all text relevance, so that a word in the title and popularity decide.
constexpr int kTitleBoost = 10000;
constexpr int kPopularityBoost = 10000;
// Each spelling of a name for itself; far more than any catalogue has.
constexpr int kMostSources = 10'000;
constexpr int kRelatedCount = 10;
constexpr std::size_t kRelatedTags = 10;
// Each word becomes a clause, and Elasticsearch refuses a query of more than 1,024 of them.
constexpr std::size_t kRelatedTitleLength = 500;
// Fields that tell whether they matched ask for each word once more, on top of the three fields
// that must match and the title's score. Of a text without spaces, such as Chinese, each letter is
// a word: 200 of them are 800 clauses, and 160 more still fit.
constexpr std::size_t kToldLength = 80;
// Only tags that the index keeps whole can be compared (`ignore_above` of `tags.name.keyword`).
constexpr std::size_t kLongestKeyword = 256;
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

// Of the sources with these spellings, in any case: a work that came since the sources were counted
// may have yet another one. Elasticsearch folds ASCII letters alone, hence all known spellings; and
// it takes at most 1,024 clauses, so very many sources are asked for as they are spelled.
json::object of_sources(const std::vector<std::string>& spellings) {
  constexpr std::size_t kMostClauses = 500;
  const auto clause = [](const std::string& name) {
    // Without case a term becomes an automaton, which Lucene refuses where it is long.
    constexpr std::size_t kLongest = 255;
    return name.size() > kLongest
               ? term("source", json::value(name))
               : term("source", json::object{{"value", name}, {"case_insensitive", true}});
  };
  std::vector<std::string> names;
  for (const std::string& spelling : spellings) {
    std::string name = lower_ascii(spelling);
    if (std::ranges::find(names, name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  if (names.size() > kMostClauses) {
    return terms("source", spellings);
  }
  if (names.size() == 1) {
    return clause(names.front());
  }
  json::array any;
  for (const std::string& name : names) {
    any.push_back(clause(name));
  }
  return {{"bool", json::object{{"should", std::move(any)}, {"minimum_should_match", 1}}}};
}

/// Stop words are kept by `….raw` only, and by creators: a query of nothing else asks these.
json::object words(std::string_view text, std::initializer_list<std::string_view> fields) {
  const bool is_of_stop_words = is_stop_words_only(wanted_words(text, Phrases::as_words));
  std::vector<std::string> names;
  for (const std::string_view field : fields) {
    names.emplace_back(field);
    if (is_of_stop_words && field != "creator") {
      names.back() += ".raw";
    }
  }
  return {{"query", json::string_view{text}}, {"fields", to_array(names)}, {"flags", kFlags}};
}

/// What is newer than a point in time; in collections, too.
void add_since(json::array& clauses, const SearchParameters& search) {
  const auto add = [&](std::string_view field, const std::optional<UtcTime>& since) {
    if (since) {
      clauses.push_back(json::object{
          {"range", json::object{{field, json::object{{"gte", format_millis(*since)}}}}}});
    }
  };
  add("created_on", search.created_since);
  add("updated_on", search.updated_since);
}

json::object simple_query(json::object body) { return {{"simple_query_string", std::move(body)}}; }

/// Whether words can be found in a single field at all; `*` alone would be everything.
bool can_match(std::string_view words) { return !words.empty() && words != "*"; }

json::array filters(const SearchParameters& search) {
  json::array clauses;
  const auto add = [&](std::string_view field, const std::vector<std::string>& values) {
    if (!values.empty()) {
      clauses.push_back(terms(field, values));
    }
  };
  add("extension", search.extensions);
  add("category", search.categories);
  if (!search.sources.empty()) {
    clauses.push_back(of_sources(search.sources));
  }
  add("license", search.licenses);
  add("license", search.licenses_of_types);
  add("length", search.lengths);
  add("aspect_ratio", search.aspect_ratios);
  add("size", search.sizes);
  add_since(clauses, search);
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
  if (!search.collection_sources.empty()) {
    clauses.push_back(of_sources(search.collection_sources));
  }
  add("creator.keyword", search.collection_creator);
  add_since(clauses, search);
  return clauses;
}

enum class Sensitive { included, left_out };

void add_exclusions(json::array& clauses, Sensitive works, Sensitive texts,
                    const SourceNames& hidden) {
  if (works == Sensitive::left_out) {
    clauses.push_back(term("mature", true));
  }
  if (texts == Sensitive::left_out) {
    clauses.push_back(term("sensitivity", "sensitive_text"));
  }
  if (!hidden.empty()) {
    clauses.push_back(of_sources(hidden.spellings()));
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

/// A clause that never matches and costs nothing, for the names of what is in it: the index looks
/// at these again for each hit of the page, and at the postings only. Highlights would tell the
/// same, but read the whole text: a tag of a million letters makes them fail, and the page with
/// them.
std::optional<json::object> told_fields(const SearchParameters& search) {
  json::array named;
  const auto add = [&](const char* field, std::string_view text, Phrases phrases) {
    const std::string all = wanted_words(text, phrases);
    const std::string_view wanted = first_code_points(all, kToldLength);
    if (can_match(wanted)) {
      json::object body = words(wanted, {field});
      body["_name"] = field;
      named.push_back(simple_query(std::move(body)));
    }
  };
  if (search.q) {  // the title's score tells of the title
    const std::string text = escape_quotes(*search.q);
    // Phrases are looked for in other fields, `….raw`, which the wire does not tell of.
    add("description", text, Phrases::left_out);
    add("tags.name", text, Phrases::left_out);
  } else {
    add("title", escape_quotes(search.title.value_or("")), Phrases::kept);
    add("tags.name", escape_quotes(search.tags.value_or("")), Phrases::kept);
  }
  if (named.empty()) {
    return std::nullopt;
  }
  return json::object{
      {"bool", json::object{{"filter", json::array{term("identifier", "")}}, {"should", named}}}};
}

json::array scores(const SearchParameters& search, FieldsMatched fields) {
  json::array clauses;
  if (search.q) {
    const std::string text = wanted_words(escape_quotes(*search.q), Phrases::as_words);
    if (can_match(text)) {
      json::object body = words(text, {"title"});
      body["boost"] = kTitleBoost;
      if (fields == FieldsMatched::told) {
        body["_name"] = "title";
      }
      clauses.push_back(simple_query(std::move(body)));
    }
  }
  clauses.push_back(rank_feature("standardized_popularity", kPopularityBoost));
  const int boost = static_cast<int>(search.authority_boost * 10000);
  if (search.boost_authority &&
      boost > 0) {  // a boost of 0 is refused by Elasticsearch, and says nothing
    clauses.push_back(rank_feature("authority_boost", boost));
  }
  if (fields == FieldsMatched::told) {
    if (auto told = told_fields(search)) {
      clauses.push_back(std::move(*told));
    }
  }
  return clauses;
}

/// The id breaks ties, so that no work stands on two pages.
json::array order(const SearchParameters& search) {
  const char* direction = search.sort_direction == SortDirection::ascending ? "asc" : "desc";
  const bool by_time = search.collection.has_value() || search.sort_by != SortBy::relevance;
  json::array sort;
  if (by_time) {
    if (search.sort_by == SortBy::updated_on) {
      // An index that was made before there was this field has it in no document.
      sort.push_back(json::object{
          {"updated_on", json::object{{"order", direction}, {"unmapped_type", "date"}}}});
    } else {
      sort.push_back(json::object{{"created_on", direction}});
    }
  } else {
    sort.push_back(json::object{{"_score", "desc"}});
  }
  sort.push_back(json::object{{"identifier", "asc"}});
  return sort;
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

json::object build_search(const SearchParameters& search, const SourceNames& hidden,
                          FieldsMatched fields) {
  json::array must_not;
  if (!search.collection && !search.excluded_sources.empty()) {
    must_not.push_back(of_sources(search.excluded_sources));
  }
  const Sensitive works = search.include_sensitive ? Sensitive::included : Sensitive::left_out;
  const Sensitive texts = search.index == Index::all        ? Sensitive::included
                          : search.index == Index::filtered ? Sensitive::left_out
                                                            : works;
  add_exclusions(must_not, works, texts, hidden);
  json::object boolean;
  boolean["filter"] = search.collection ? collection_filters(search) : filters(search);
  boolean["must_not"] = std::move(must_not);
  if (!search.collection) {
    boolean["must"] = text_clauses(search);
    boolean["should"] = scores(search, fields);
  }
  return {{"from", (search.page - 1) * search.page_size},
          {"size", search.page_size},
          {"_source", false},
          {"track_total_hits", search.exact_count ? json::value(true) : json::value(10000)},
          {"query", json::object{{"bool", std::move(boolean)}}},
          {"sort", order(search)}};
}

std::optional<json::object> build_related(const RelatedTo& work, const SourceNames& hidden) {
  json::array should;
  if (work.title && !work.title->empty()) {
    const std::string_view title = first_code_points(*work.title, kRelatedTitleLength);
    should.push_back(json::object{{"match", json::object{{"title", json::string_view{title}}}}});
  }
  std::vector<std::string_view> tags;
  for (std::size_t i = 0; i < std::min(kRelatedTags, work.tags.size()); ++i) {
    if (work.tags[i].size() <= kLongestKeyword ||
        count_code_points(work.tags[i]) <= kLongestKeyword) {
      tags.emplace_back(work.tags[i]);
    }
  }
  if (!tags.empty()) {
    should.push_back(terms("tags.name.keyword", tags));
  }
  if (should.empty()) {
    if (!work.creator || work.creator->empty()) {
      return std::nullopt;
    }
    should.push_back(term("creator.keyword", json::string_view{*work.creator}));
  }
  json::array must_not;
  add_exclusions(must_not, Sensitive::left_out, Sensitive::left_out, hidden);
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
  return {{"size", 0},
          {"track_total_hits", false},
          {"aggs", json::object{{"sources",
                                 json::object{{"terms", json::object{{"field", "source"},
                                                                     {"size", kMostSources}}}}}}}};
}

}  // namespace freshet::api
