#include "api/search_query.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "api/query_words.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

// A work whose title is what was asked for, word by word, stands first, whatever is popular. Then
// each word weighs by where it stands, and in a title more where it stands as it was asked for.
// Popularity (0 … 10,000, as upstream) orders what is equal so far. Similarity in the index is
// boolean: nothing else counts.
constexpr int kWholeTitleBoost = 100'000;
constexpr int kPhraseInTitleBoost = 25'000;
constexpr int kSameWordInTitleBoost = 25'000;
constexpr int kPopularityBoost = 10'000;
struct Field {
  std::string_view name;
  int boost = 1;
};
constexpr std::array<Field, 3> kSearched = {
    {{"title", 20'000}, {"description", 2'000}, {"tags.name", 8'000}}};
// Each spelling of a name for itself; far more than any catalogue has.
constexpr int kMostSources = 10'000;
constexpr int kRelatedCount = 10;
constexpr std::size_t kRelatedTags = 10;
// Each word becomes a clause, and Elasticsearch refuses a query of more than 1,024 of them.
constexpr std::size_t kRelatedTitleLength = 500;
// What scores, and what tells which fields matched, asks for each word again, on top of the three
// fields that must match. Of a text without spaces, such as Chinese, each letter is a word: 200 of
// them are 600 clauses, and four times 60 more still fit.
constexpr std::size_t kScoredLength = 60;
// The same for what is excluded, in indexes without fields of English stems.
constexpr std::size_t kOlderExcludedLength = 20;
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
json::object words(std::string_view text, std::span<const Field> fields) {
  const bool is_of_stop_words = is_stop_words_only(wanted_words(text, Phrases::as_words));
  std::vector<std::string> names;
  for (const Field& field : fields) {
    std::string& name = names.emplace_back(field.name);
    if (is_of_stop_words && field.name != "creator") {
      name += ".raw";
    }
    if (field.boost != 1) {
      name += "^" + std::to_string(field.boost);
    }
  }
  json::object body{
      {"query", json::string_view{text}}, {"fields", to_array(names)}, {"flags", kFlags}};
  if (text.find('"') != text.npos) {  // fields of every language know no order of words
    body["quote_field_suffix"] = ".english";
  }
  return body;
}

json::object words(std::string_view text, std::string_view field) {
  return words(text, std::array{Field{field}});
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

/// Whether there is more than signs.
bool has_words(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return is_ascii_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80U;
  });
}

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

json::object all_words(std::string_view text) {
  json::object body = words(text, kSearched);
  body["default_operator"] = "AND";
  if (text.find('"') != text.npos) {
    body["quote_field_suffix"] = ".raw";
  }
  return simple_query(std::move(body));
}

/// What `q` asks for; what it excludes is not in here.
json::object wanted(const std::string& text) {
  if (!excluded_parts(text).empty()) {
    const std::string rest = wanted_words(text, Phrases::kept);
    return has_words(rest) ? wanted(rest) : json::object{{"match_all", json::object{}}};
  }
  if (text.find('"') != text.npos || is_stop_words_only(text)) {
    return all_words(text);
  }
  const std::string asked = wanted_words(text, Phrases::as_words);
  const std::optional<std::string> closed = closed_form(asked);
  if (!closed) {
    return all_words(text);
  }
  json::object as_closed = all_words(*closed);
  const bool is_of_two_words = asked.find(' ') != asked.npos && closed->find(' ') == closed->npos;
  if (is_of_two_words) {  // unstemmed: a short second word looks like an ending
    as_closed["simple_query_string"].get_object()["analyzer"] = "standard";
  }
  return {
      {"dis_max", json::object{{"queries", json::array{all_words(text), std::move(as_closed)}}}}};
}

/// Each word or phrase that `q` excludes. The fields of a search hold the stems of every language;
/// what is excluded is compared by its English stem, or as it is, lest a like word go with it.
void add_excluded_words(json::array& clauses, std::string_view text) {
  std::size_t length = 0;
  for (const std::string& part : excluded_parts(text)) {
    const bool is_phrase = part.starts_with('"');
    const auto in = [&](const auto& fields) {
      json::object body{{"query", part},
                        {"fields", to_array(fields)},
                        {"flags", kFlags},
                        {"default_operator", "AND"}};
      if (is_phrase) {
        body["quote_field_suffix"] = ".raw";
      }
      return simple_query(std::move(body));
    };
    std::vector<std::string> names;
    for (const Field& field : kSearched) {
      names.push_back(std::string{field.name} + (is_phrase ? "" : ".english"));
    }
    clauses.push_back(in(names));
    length += count_code_points(part);
    if (is_phrase || length > kOlderExcludedLength) {
      continue;
    }
    // An index that was made before there were such fields has English stems in the field itself.
    for (const Field& field : kSearched) {
      const std::string english = std::string{field.name} + ".english";
      clauses.push_back(json::object{
          {"bool",
           json::object{{"filter", json::array{in(std::array{field.name})}},
                        {"must_not", json::array{json::object{
                                         {"exists", json::object{{"field", english}}}}}}}}});
    }
  }
}

json::array text_clauses(const SearchParameters& search) {
  json::array clauses;
  if (search.q) {
    clauses.push_back(wanted(escape_quotes(*search.q)));
    return clauses;
  }
  const auto add = [&](std::string_view field, const std::optional<std::string>& text) {
    if (text) {
      clauses.push_back(simple_query(words(escape_quotes(*text), field)));
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
    const std::string_view told = first_code_points(all, kScoredLength);
    if (can_match(told)) {
      json::object body = words(told, field);
      body["_name"] = field;
      named.push_back(simple_query(std::move(body)));
    }
  };
  if (search.q) {
    const std::string text = escape_quotes(*search.q);
    add("title", text, Phrases::as_words);
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

/// How close a title is to what was asked for.
void add_title_scores(json::array& clauses, const std::string& text) {
  const std::string asked = wanted_words(text, Phrases::as_words);
  if (!can_match(asked)) {
    return;
  }
  const std::string_view scored = first_code_points(asked, kScoredLength);
  json::object same{{"query", without_english_stop_words(scored)},
                    {"fields", json::array{"title.raw"}},
                    {"flags", kFlags},
                    {"boost", kSameWordInTitleBoost}};
  clauses.push_back(simple_query(std::move(same)));
  clauses.push_back(
      term("title.whole", json::object{{"value", asked}, {"boost", kWholeTitleBoost}}));
  const auto may_be_several = [](char c) {
    return c == ' ' || c == '-' || static_cast<unsigned char>(c) >= 0x80U;
  };
  if (std::ranges::any_of(asked, may_be_several)) {
    clauses.push_back(
        json::object{{"match_phrase",
                      json::object{{"title.raw", json::object{{"query", json::string_view{scored}},
                                                              {"boost", kPhraseInTitleBoost}}}}}});
  }
}

json::array scores(const SearchParameters& search, FieldsMatched fields) {
  json::array clauses;
  if (search.q) {
    add_title_scores(clauses, escape_quotes(*search.q));
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
    if (search.q) {
      add_excluded_words(boolean["must_not"].get_array(), escape_quotes(*search.q));
    }
    boolean["must"] = text_clauses(search);
    boolean["should"] = scores(search, fields);
  }
  return {{"from", (search.page - 1) * search.page_size},
          {"size", search.page_size},
          {"_source", false},
          {"stored_fields", "_none_"},  // the order has the identifiers already
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
      {"stored_fields", "_none_"},
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
  json::object newest{{"max", json::object{{"field", "updated_on"}}}};
  return {{"size", 0},
          {"track_total_hits", false},
          {"aggs",
           json::object{
               {"sources",
                json::object{{"terms", json::object{{"field", "source"}, {"size", kMostSources}}},
                             {"aggs", json::object{{"newest", std::move(newest)}}}}}}}};
}

}  // namespace freshet::api
