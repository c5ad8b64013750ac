#include "api/search_query.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace freshet::api {
namespace {

const std::string kExclusions =
    R"({"term":{"mature":true}},{"term":{"sensitivity":"sensitive_text"}})";
const std::string kPopularity =
    R"({"rank_feature":{"field":"standardized_popularity","boost":10000}})";
const std::string kByRelevance = R"([{"_score":"desc"},{"identifier":"asc"}])";

json::value bool_of(const SearchParameters& search, const std::set<std::string>& hidden = {}) {
  return value_at(build_search(search, hidden), "/query/bool");
}

json::value parsed(const std::string& text) { return json::parse(text); }

TEST(BuildSearch, OfNothingMatchesAllByPopularity) {
  EXPECT_EQ(to_json(build_search({}, {})),
            R"({"from":0,"size":20,"_source":false,"track_total_hits":10000,"query":{"bool":{)"
            R"("filter":[],"must_not":[)" +
                kExclusions + R"(],"must":[{"match_all":{}}],"should":[)" + kPopularity +
                R"(]}},"sort":)" + kByRelevance +
                R"(,"highlight":{"order":"score","number_of_fragments":1,"fields":{)"
                R"("title":{},"description":{},"tags.name":{}}}})");
}

TEST(BuildSearch, OfWordsNeedsAllOfThemAndPrefersTheTitle) {
  SearchParameters search;
  search.q = "red boat";
  EXPECT_EQ(value_at(bool_of(search), "/must"), parsed(R"([{"simple_query_string":{
    "query":"red boat","fields":["title","description","tags.name"],
    "flags":"AND|NOT|PHRASE|WHITESPACE","default_operator":"AND"}}])"));
  EXPECT_EQ(value_at(bool_of(search), "/should"), parsed(R"([{"simple_query_string":{
    "query":"red boat","fields":["title"],"flags":"AND|NOT|PHRASE|WHITESPACE","boost":10000}},)" +
                                                         kPopularity + "]"));
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
            R"({"terms":{"source":["met","flickr"]}},{"terms":{"license":["by"]}},)"
            R"({"terms":{"license":["by","cc0"]}},{"terms":{"length":["short"]}},)"
            R"({"terms":{"aspect_ratio":["tall"]}},{"terms":{"size":["small"]}}])");
}

TEST(BuildSearch, ExcludesSourcesSensitiveWorksAndHiddenSources) {
  SearchParameters search;
  search.excluded_sources = {"flickr"};
  EXPECT_EQ(to_json(value_at(bool_of(search, {"bad", "worse"}), "/must_not")),
            R"([{"terms":{"source":["flickr"]}},)" + kExclusions +
                R"(,{"terms":{"source":["bad","worse"]}}])");
  search.include_sensitive = true;
  search.excluded_sources = {};
  EXPECT_EQ(to_json(value_at(bool_of(search), "/must_not")), "[]");
}

TEST(BuildSearch, JoinsFieldsWithoutQ) {
  SearchParameters search;
  search.creator = "Jane \"Q\" Doe";
  search.title = "boat";
  search.tags = "a,b";
  EXPECT_EQ(value_at(bool_of(search), "/must"), parsed(R"([
    {"simple_query_string":{"query":"Jane \"Q\" Doe","fields":["creator"],
     "flags":"AND|NOT|PHRASE|WHITESPACE"}},
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
  search.collection_source = "met";
  search.licenses = {"by"};
  search.creator = "Doe, Jane";
  const json::object request = build_search(search, {});
  EXPECT_EQ(to_json(value_at(request, "/query")),
            R"({"bool":{"filter":[{"term":{"source":"met"}},)"
            R"({"term":{"creator.keyword":"Doe, Jane"}}],"must_not":[)" +
                kExclusions + "]}}");
  EXPECT_EQ(to_json(request.at("sort")), R"([{"created_on":"desc"},{"identifier":"asc"}])");
  EXPECT_FALSE(request.contains("highlight"));
}

TEST(BuildRelated, ComparesTitleAndFirstTenTags) {
  RelatedTo work{"id", "Harbour", "Jane", {}};
  for (int i = 0; i < 12; ++i) {
    work.tags.push_back("t" + std::to_string(i));
  }
  const auto request = build_related(work, {"bad"});
  ASSERT_TRUE(request);
  EXPECT_EQ(to_json(value_at(*request, "/query")),
            R"({"bool":{"must_not":[)" + kExclusions +
                R"(,{"terms":{"source":["bad"]}},{"term":{"identifier":"id"}}],)"
                R"("should":[{"match":{"title":"Harbour"}},{"terms":{"tags.name.keyword":)"
                R"(["t0","t1","t2","t3","t4","t5","t6","t7","t8","t9"]}}],)"
                R"("minimum_should_match":1}})");
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
