#include "api/search_query.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <map>

namespace freshet::api {
namespace {

const std::string kExclusions =
    R"({"term":{"mature":true}},{"term":{"sensitivity":"sensitive_text"}})";
const std::string kPopularity =
    R"({"rank_feature":{"field":"standardized_popularity","boost":10000}})";
std::string of_source(const std::string& name) {
  return R"({"term":{"source":{"value":")" + name + R"(","case_insensitive":true}}})";
}

const std::string kByRelevance = R"([{"_score":"desc"},{"identifier":"asc"}])";

json::value bool_of(const SearchParameters& search, const SourceNames& hidden = {}) {
  return value_at(build_search(search, hidden), "/query/bool");
}

json::value parsed(const std::string& text) { return json::parse(text); }

TEST(BuildSearch, OfNothingMatchesAllByPopularity) {
  EXPECT_EQ(to_json(build_search({}, {})),
            R"({"from":0,"size":20,"_source":false,"stored_fields":"_none_",)"
            R"("track_total_hits":10000,"query":{"bool":{"filter":[],"must_not":[)" +
                kExclusions + R"(],"must":[{"match_all":{}}],"should":[)" + kPopularity +
                R"(]}},"sort":)" + kByRelevance + "}");
}

json::value all_words(const std::string& text) {
  return parsed(R"({"simple_query_string":{"query":")" + text + R"(",
    "fields":["title^20000","description^2000","tags.name^8000"],
    "flags":"AND|NOT|PHRASE|WHITESPACE","default_operator":"AND"}})");
}

TEST(BuildSearch, OfWordsNeedsAllOfThemAndPrefersTheTitle) {
  SearchParameters search;
  search.q = "old red boat";
  EXPECT_EQ(value_at(bool_of(search), "/must"), json::value(json::array{all_words(*search.q)}));
  EXPECT_EQ(value_at(bool_of(search), "/should"), parsed(R"([
    {"simple_query_string":{"query":"old red boat","fields":["title.raw"],
     "flags":"AND|NOT|PHRASE|WHITESPACE","boost":25000}},
    {"term":{"title.whole":{"value":"old red boat","boost":100000}}},
    {"match_phrase":{"title.raw":{"query":"old red boat","boost":25000}}},)" +
                                                         kPopularity +
                                                         R"(,
    {"bool":{"filter":[{"term":{"identifier":""}}],"should":[
    {"simple_query_string":{"query":"old red boat","fields":["title"],
     "flags":"AND|NOT|PHRASE|WHITESPACE","_name":"title"}},
    {"simple_query_string":{"query":"old red boat","fields":["description"],
     "flags":"AND|NOT|PHRASE|WHITESPACE","_name":"description"}},
    {"simple_query_string":{"query":"old red boat","fields":["tags.name"],
     "flags":"AND|NOT|PHRASE|WHITESPACE","_name":"tags.name"}}]}}])"));
}

TEST(BuildSearch, OfWordsThatAreAlsoWrittenAsOneAsksForBoth) {
  const std::pair<const char*, const char*> rows[] = {{"red wi-fi sign", "red wifi sign"},
                                                      {"x\u2010ray", "xray"}};
  SearchParameters search;
  for (const auto& [text, closed] : rows) {
    search.q = text;
    EXPECT_EQ(value_at(bool_of(search), "/must/0/dis_max/queries"),
              json::value(json::array{all_words(text), all_words(closed)}));
  }
  search.q = "sea shell";
  json::value unstemmed = all_words("seashell");
  unstemmed.at("simple_query_string").get_object()["analyzer"] = "standard";
  EXPECT_EQ(value_at(bool_of(search), "/must/0/dis_max/queries/1"), unstemmed);
  for (const char* text : {"boat", "old red boat", "\"sea shell\"", "the it", "x- ray of"}) {
    search.q = text;
    EXPECT_EQ(value_at(bool_of(search), "/must/0/dis_max"), json::value{}) << text;
  }
}

TEST(BuildSearch, ComparesWhatIsExcludedByItsEnglishStemOrAsItIs) {
  SearchParameters search;
  search.q = "boat -Sails -\"in the fog\" old \"red boat\"";
  const json::value query = bool_of(search);
  json::value must = all_words("boat old \\\"red boat\\\"");
  must.at("simple_query_string").get_object()["quote_field_suffix"] = ".raw";
  EXPECT_EQ(value_at(query, "/must"), json::value(json::array{must}));
  const json::array must_not = value_at(query, "/must_not").get_array();
  ASSERT_EQ(must_not.size(), 2U + 1 + 3 + 1) << "sensitive ones; the word, the same where an index "
                                                "has no English stems; the phrase";
  EXPECT_EQ(must_not[2], parsed(R"({"simple_query_string":{"query":"Sails",
    "fields":["title.english","description.english","tags.name.english"],
    "flags":"AND|NOT|PHRASE|WHITESPACE","default_operator":"AND"}})"));
  EXPECT_EQ(must_not[4], parsed(R"({"bool":{"filter":[{"simple_query_string":{"query":"Sails",
    "fields":["description"],"flags":"AND|NOT|PHRASE|WHITESPACE","default_operator":"AND"}}],
    "must_not":[{"exists":{"field":"description.english"}}]}})"));
  EXPECT_EQ(must_not[6], parsed(R"({"simple_query_string":{"query":"\"in the fog\"",
    "fields":["title","description","tags.name"],"flags":"AND|NOT|PHRASE|WHITESPACE",
    "default_operator":"AND","quote_field_suffix":".raw"}})"));
}

TEST(BuildSearch, OfExclusionsAloneMatchesTheRest) {
  for (const char* text : {"-boat", "-boat !", "* -boat"}) {
    SearchParameters search;
    search.q = text;
    const json::value query = bool_of(search);
    EXPECT_EQ(value_at(query, "/must"), parsed(R"([{"match_all":{}}])")) << text;
    EXPECT_EQ(value_at(query, "/must_not/2/simple_query_string/query"), json::value("boat"));
  }
  SearchParameters search;
  search.q = "-*";
  EXPECT_EQ(value_at(bool_of(search), "/must_not").get_array().size(), 2U) << "not everything";
}

TEST(BuildSearch, NeedNotTellWhatMatched) {
  SearchParameters search;
  search.q = "red boat";
  const std::string request = to_json(build_search(search, {}, FieldsMatched::left_out));
  EXPECT_EQ(request.find("_name"), request.npos);
  EXPECT_NE(request.find(R"("boost":100000)"), request.npos) << "the order stays";
}

/// The words under which a field is asked for by name, by field.
std::map<std::string, std::string> told(const SearchParameters& search) {
  std::map<std::string, std::string> words;
  const json::value should = value_at(bool_of(search), "/should");
  for (const json::value& clause : should.get_array()) {
    const json::value& inner = value_at(clause, "/bool/should");
    json::array named = inner.is_array() ? inner.get_array() : json::array{clause};
    for (const json::value& one : named) {
      if (const auto name = text_at(one, "/simple_query_string/_name")) {
        words.emplace(*name, *text_at(one, "/simple_query_string/query"));
      }
    }
  }
  return words;
}

TEST(BuildSearch, TellsWhereTheWordsAreThatWereAskedFor) {
  using Words = std::map<std::string, std::string>;
  SearchParameters search;
  search.q = "\"dancing penguins\" ice -snow";
  EXPECT_EQ(
      told(search),
      (Words{{"title", "dancing penguins ice"}, {"description", "ice"}, {"tags.name", "ice"}}));
  search.q = "-snow";
  EXPECT_EQ(told(search), Words{});
  search.q = "*";
  EXPECT_EQ(told(search), Words{}) << "everything is not a match";
  search.q.reset();
  search.title = "boat \"of fish\" -red";
  search.tags = "sea";
  search.creator = "Doe";
  EXPECT_EQ(told(search), (Words{{"title", "boat \"of fish\""}, {"tags.name", "sea"}}));
}

TEST(BuildSearch, HasFewerClausesThanAnIndexTakesWhereEveryLetterIsAWord) {
  SearchParameters search;
  search.q = "";
  for (int i = 0; i < 200; ++i) {
    *search.q += "字";
  }
  std::size_t clauses = 3 * 200;  // must
  for (const auto& [field, words] : told(search)) {
    clauses += words.size() / std::string{"字"}.size();
  }
  clauses += text_at(bool_of(search), "/should/0/simple_query_string/query")->size() / 3;
  EXPECT_LT(clauses, 1000U);
  search.q = "-" + *search.q;
  clauses = 0;
  const json::value excluding = bool_of(search);
  for (const json::value& clause : value_at(excluding, "/must_not").get_array()) {
    const auto text = text_at(clause, "/simple_query_string/query");
    clauses += text ? 3 * text->size() / 3 : 1;
  }
  EXPECT_LT(clauses, 1000U);
}

TEST(BuildSearch, OfStopWordsAsksTheFieldsThatKeepThem) {
  SearchParameters search;
  search.q = "IT";
  EXPECT_EQ(to_json(value_at(bool_of(search), "/must/0/simple_query_string/fields")),
            R"(["title.raw^20000","description.raw^2000","tags.name.raw^8000"])");
  search.q = "it works well";
  EXPECT_EQ(to_json(value_at(bool_of(search), "/must/0/simple_query_string/fields")),
            R"(["title^20000","description^2000","tags.name^8000"])");
  search.q.reset();
  search.title = "The";
  search.creator = "The";
  EXPECT_EQ(to_json(value_at(bool_of(search), "/must/0/simple_query_string/fields")),
            R"(["creator"])")
      << "creators keep every word";
  EXPECT_EQ(to_json(value_at(bool_of(search), "/must/1/simple_query_string/fields")),
            R"(["title.raw"])");
}

TEST(BuildSearch, OfPhrasesAsksTheUnstemmedFields) {
  SearchParameters search;
  search.q = "\"dancing penguins\" ice";
  const json::value query = bool_of(search);
  EXPECT_EQ(value_at(query, "/must/0/simple_query_string/quote_field_suffix"), json::value(".raw"));
  EXPECT_EQ(value_at(query, "/must/0/simple_query_string/query"),
            json::value("\"dancing penguins\" ice"));
  EXPECT_EQ(value_at(query, "/should/0/simple_query_string/query"),
            json::value("dancing penguins ice"));
}

TEST(BuildSearch, EscapesALonelyQuote) {
  SearchParameters search;
  search.q = "5\" disk";
  const json::value query = bool_of(search);
  EXPECT_EQ(value_at(query, "/must/0/simple_query_string/query"), json::value("5\\\" disk"));
  EXPECT_EQ(value_at(query, "/must/0/simple_query_string/quote_field_suffix"), json::value(".raw"));
}

TEST(BuildSearch, KeepsTheOrderOfFilters) {
  SearchParameters search;
  search.extensions = {"jpg"};
  search.categories = {"photograph"};
  search.sources = {"met", "flickr"};
  search.licenses = {"by"};
  search.licenses_of_types = {"by", "cc0"};
  search.lengths = {"short"};
  search.aspect_ratios = {"tall"};
  search.sizes = {"small"};
  EXPECT_EQ(to_json(value_at(bool_of(search), "/filter")),
            R"([{"terms":{"extension":["jpg"]}},{"terms":{"category":["photograph"]}},)"
            R"({"bool":{"should":[)" +
                of_source("met") + "," + of_source("flickr") +
                R"(],"minimum_should_match":1}},{"terms":{"license":["by"]}},)"
                R"({"terms":{"license":["by","cc0"]}},{"terms":{"length":["short"]}},)"
                R"({"terms":{"aspect_ratio":["tall"]}},{"terms":{"size":["small"]}}])");
}

TEST(BuildSearch, ExcludesSourcesSensitiveWorksAndHiddenSources) {
  SearchParameters search;
  search.excluded_sources = {"flickr"};
  EXPECT_EQ(to_json(value_at(bool_of(search, {"bad", "worse"}), "/must_not")),
            "[" + of_source("flickr") + "," + kExclusions + R"(,{"bool":{"should":[)" +
                of_source("bad") + "," + of_source("worse") + R"(],"minimum_should_match":1}}])");
  search.include_sensitive = true;
  search.excluded_sources = {};
  EXPECT_EQ(to_json(value_at(bool_of(search), "/must_not")), "[]");
}

// ASCII case is Elasticsearch's to fold; beyond it, every known spelling is asked for.
TEST(BuildSearch, AsksForSourcesInAnyCase) {
  SearchParameters search;
  search.sources = {"capl", "CAPL", "École", "éCOLE"};
  EXPECT_EQ(to_json(value_at(bool_of(search), "/filter/0/bool/should")),
            "[" + of_source("capl") + "," + of_source("École") + "," + of_source("école") + "]");
  SourceNames hidden{"bad"};
  hidden.add("BAD");
  EXPECT_EQ(to_json(value_at(bool_of({}, hidden), "/must_not/2")), of_source("bad"));
}

// Elasticsearch refuses a query of more than 1,024 clauses.
TEST(BuildSearch, AsksForVeryManySourcesAsTheyAreSpelled) {
  SearchParameters search;
  for (int i = 0; i < 500; ++i) {
    search.sources.push_back("S" + std::to_string(i));
  }
  EXPECT_EQ(value_at(bool_of(search), "/filter/0/bool/should").as_array().size(), 500U);
  search.sources.push_back("one more");
  EXPECT_EQ(value_at(bool_of(search), "/filter/0/terms/source").as_array().size(), 501U);
  EXPECT_EQ(value_at(bool_of(search), "/filter/0/terms/source/0").as_string(), "S0");
}

TEST(BuildSearch, JoinsFieldsWithoutQ) {
  SearchParameters search;
  search.creator = "Jane \"Q\" Doe";
  search.title = "boat";
  search.tags = "a,b";
  EXPECT_EQ(value_at(bool_of(search), "/must"), parsed(R"([
    {"simple_query_string":{"query":"Jane \"Q\" Doe","fields":["creator"],
     "flags":"AND|NOT|PHRASE|WHITESPACE","quote_field_suffix":".english"}},
    {"simple_query_string":{"query":"boat","fields":["title"],"flags":"AND|NOT|PHRASE|WHITESPACE"}},
    {"simple_query_string":{"query":"a,b","fields":["tags.name"],
     "flags":"AND|NOT|PHRASE|WHITESPACE"}}])"));
  search.q = "cat";
  EXPECT_EQ(value_at(bool_of(search), "/must").get_array().size(), 1U);
}

TEST(BuildSearch, PagesAndSorts) {
  SearchParameters search;
  search.page = 3;
  search.page_size = 7;
  search.sort_by = SortBy::indexed_on;
  search.sort_direction = SortDirection::ascending;
  const json::object request = build_search(search, {});
  EXPECT_EQ(request.at("from"), json::value(14));
  EXPECT_EQ(request.at("size"), json::value(7));
  EXPECT_EQ(to_json(request.at("sort")), R"([{"created_on":"asc"},{"identifier":"asc"}])");
}

TEST(BuildSearch, SortsByTheLastChangeAndLeavesOutWhatIsOlder) {
  SearchParameters search;
  search.sort_by = SortBy::updated_on;
  search.created_since = parse_time("2026-11-21T08:00:00Z");
  search.updated_since = parse_date("2026-11-22");
  search.exact_count = true;
  const std::string range = R"({"range":{"created_on":{"gte":"2026-11-21T08:00:00.000Z"}}},)"
                            R"({"range":{"updated_on":{"gte":"2026-11-22T00:00:00.000Z"}}})";
  for (const auto& collection : {std::optional<Collection>{}, std::optional{Collection::tag}}) {
    search.collection = collection;
    const json::object request = build_search(search, {});
    EXPECT_EQ(to_json(value_at(request, "/query/bool/filter")), "[" + range + "]");
    EXPECT_EQ(to_json(request.at("sort")),
              R"([{"updated_on":{"order":"desc","unmapped_type":"date"}},{"identifier":"asc"}])");
    EXPECT_EQ(request.at("track_total_hits"), json::value(true));
  }
}

TEST(BuildSearch, AddsAuthority) {
  SearchParameters search;
  search.boost_authority = true;
  search.authority_boost = 0.5;
  EXPECT_EQ(to_json(value_at(bool_of(search), "/should/1")),
            R"({"rank_feature":{"field":"authority_boost","boost":5000}})");
  search.authority_boost = 0;
  EXPECT_EQ(value_at(bool_of(search), "/should").get_array().size(), 1U);
}

TEST(BuildSearch, OfACollectionIsExactAndByTime) {
  SearchParameters search;
  search.collection = Collection::creator;
  search.collection_creator = "Doe, Jane";
  search.collection_sources = {"met"};
  search.licenses = {"by"};
  search.creator = "Doe, Jane";
  const json::object request = build_search(search, {});
  EXPECT_EQ(to_json(value_at(request, "/query")),
            R"({"bool":{"filter":[)" + of_source("met") +
                R"(,{"term":{"creator.keyword":"Doe, Jane"}}],"must_not":[)" + kExclusions + "]}}");
  EXPECT_EQ(to_json(request.at("sort")), R"([{"created_on":"desc"},{"identifier":"asc"}])");
  EXPECT_EQ(to_json(request).find("_name"), std::string::npos);
}

TEST(BuildRelated, ComparesTitleAndFirstTenTags) {
  RelatedTo work{"id", "Harbour", "Jane", {}};
  for (int i = 0; i < 12; ++i) {
    work.tags.push_back("t" + std::to_string(i));
  }
  const auto request = build_related(work, {"bad"});
  ASSERT_TRUE(request);
  EXPECT_EQ(to_json(value_at(*request, "/query")),
            R"({"bool":{"must_not":[)" + kExclusions + "," + of_source("bad") +
                R"(,{"term":{"identifier":"id"}}],)"
                R"("should":[{"match":{"title":"Harbour"}},{"terms":{"tags.name.keyword":)"
                R"(["t0","t1","t2","t3","t4","t5","t6","t7","t8","t9"]}}],)"
                R"("minimum_should_match":1}})");
}

TEST(BuildRelated, LeavesOutTagsThatTheIndexDoesNotKeepWhole) {
  std::string wide;
  for (int i = 0; i < 256; ++i) {
    wide += "é";
  }
  const RelatedTo work{"id", std::nullopt, "Jane Doe", {std::string(1'000'000, 'a'), wide, "sea"}};
  EXPECT_EQ(to_json(value_at(*build_related(work, {}), "/query/bool/should")),
            R"([{"terms":{"tags.name.keyword":[")" + wide + R"(","sea"]}}])");
  EXPECT_EQ(to_json(value_at(*build_related({"id", "", "Jane Doe", {std::string(257, 'a')}}, {}),
                             "/query/bool/should")),
            R"([{"term":{"creator.keyword":"Jane Doe"}}])");
}

TEST(BuildRelated, FallsBackToTheCreatorOrToNothing) {
  const auto request = build_related({"id", std::nullopt, "Jane Doe", {}}, {});
  ASSERT_TRUE(request);
  EXPECT_EQ(to_json(value_at(*request, "/query/bool/should")),
            R"([{"term":{"creator.keyword":"Jane Doe"}}])");
  EXPECT_FALSE(build_related({"id", "", std::nullopt, {}}, {}));
}

}  // namespace
}  // namespace freshet::api
