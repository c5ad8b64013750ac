#include <gmock/gmock.h>

#include "core/resources.hpp"
#include "operate/rebuild_gate.hpp"
#include "operate/rebuild_progress.hpp"
#include "operate/schema.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Gate, TheShippedQueriesCanBeRead) {
  const auto queries = parse_gate(resource("elasticsearch/gate.json"));
  ASSERT_TRUE(queries) << queries.error().message();
  EXPECT_GT(queries->size(), 5U);
}

TEST(Gate, WhatCannotBeReadNamesTheQuery) {
  for (const auto& [text, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {"{", "JSON"},
           {"{}", "queries"},
           {R"({"queries":[1]})", "object"},
           {R"({"queries":[{"query":{}}]})", "name"},
           {R"({"queries":[{"name":"a"}]})", "query a"},
           {R"({"queries":[{"name":"a","query":{},"media":["film"]}]})", "query a"},
           {R"({"queries":[{"name":"a","query":{},"least":"1"}]})", "least"},
           {R"({"queries":[{"name":"a","query":{},"lesat":1}]})", "lesat"}}) {
    const auto queries = parse_gate(text);
    ASSERT_FALSE(queries) << text;
    EXPECT_THAT(queries.error().message() + queries.error().field(), HasSubstr(why)) << text;
  }
}

GateQuery query() {
  GateQuery one;
  one.name = "cc0";
  return one;
}

TEST(Gate, HitsAreAsExpectedGiveOrTakeWhatIsInFlight) {
  GateQuery one = query();
  EXPECT_FALSE(judge_hits(one, 0, 100, 0)) << "nothing is expected";
  one.least = 5;
  EXPECT_FALSE(judge_hits(one, 5, 0, 0));
  EXPECT_THAT(*judge_hits(one, 4, 0, 0), HasSubstr("\"cc0\": 4 hits"));
  one = query();
  one.least_of_live = 1;
  one.most_of_live = 1;
  EXPECT_FALSE(judge_hits(one, 98, 100, 2));
  EXPECT_TRUE(judge_hits(one, 97, 100, 2));
  EXPECT_TRUE(judge_hits(one, 103, 100, 2));
  one = query();
  one.most = 0;
  EXPECT_TRUE(judge_hits(one, 1, 0, 5)) << "an absolute number is no matter of what is in flight";
}

TEST(Gate, RowsMayDifferByWhatIsInFlightAndNeverUnderOneRevision) {
  const std::vector<RebuildTables::Drawn> sample{{"a", 1, 1, true},
                                                 {"b", std::nullopt, 3, false},
                                                 {"c", 4, std::nullopt, false},
                                                 {"d", 5, 6, false}};
  EXPECT_THAT(compare_rows(sample, 3), IsEmpty());
  EXPECT_THAT(compare_rows(sample, 2), ElementsAre("row d has revision 6, 5 in use"));
  EXPECT_THAT(compare_rows(sample, 0),
              ElementsAre("row b is not in the table in use", "row c is not in the new table",
                          "row d has revision 6, 5 in use"));
  EXPECT_THAT(compare_rows({{"e", 7, 7, false}}, 9),
              ElementsAre("row e has other content under the same revision"));
}

TEST(Gate, QueriesMayBeOfOneMediaType) {
  GateQuery one = query();
  EXPECT_TRUE(one.is_of("audio"));
  one.media = {"image"};
  EXPECT_FALSE(one.is_of("audio"));
}

TEST(Gate, CountsPerSource) {
  EXPECT_THAT(compare_counts({{"met", 10}, {"nasa", 5}}, {{"met", 10}, {"nasa", 5}}, 0), IsEmpty());
  EXPECT_THAT(compare_counts({{"met", 10}}, {{"met", 12}, {"nasa", 1}}, 1),
              ElementsAre("source met: 10 live works, 12 in use, 1 in flight"));
  EXPECT_THAT(compare_counts({{"", 3}}, {}, 0),
              ElementsAre("source (none): 3 live works, 0 in use, 0 in flight"));
}

TEST(RebuildProgress, CountsWhatOneMayHaveAndTheOtherNot) {
  const auto at = [](std::int64_t a, std::int64_t b) {
    return RebuildProgress::Offsets{{kafka::Partition{0}, {a}}, {kafka::Partition{1}, {b}}};
  };
  EXPECT_EQ(RebuildProgress::between(at(10, 20), at(10, 20), at(10, 20)), 0);
  EXPECT_EQ(RebuildProgress::between(at(10, 20), at(9, 20), at(10, 17)), 4);
  EXPECT_EQ(RebuildProgress::between(at(10, 20), at(12, 20), at(10, 20)), 0) << "ahead is no lack";
}

TEST(MappingDifference, IsNoneForWhatIsShipped) {
  for (const char* media_type : {"image", "audio"}) {
    json::object index{{"mappings", schema::index_body(media_type, {}).at("mappings")},
                       {"settings", schema::index_body(media_type, {}).at("settings")}};
    EXPECT_THAT(schema::compare_mapping(media_type, index), IsEmpty());
  }
}

TEST(MappingDifference, SaysWhichFieldAndWhichAnalysis) {
  json::value index = schema::index_body("image", {});
  json::object& properties = index.at("mappings").at("properties").as_object();
  properties.erase("size");
  properties["old"] = {{"type", "keyword"}};
  properties.at("provider").as_object()["type"] = "text";
  std::vector<std::string> paths;
  for (const auto& one : schema::compare_mapping("image", index)) {
    paths.push_back(one.path + ": " + one.found + " -> " + one.wanted);
  }
  EXPECT_THAT(paths,
              ElementsAre("mappings.provider.type: text -> keyword",
                          "mappings.size.type:  -> keyword", "mappings.old.type: keyword -> "));
}

}  // namespace
}  // namespace freshet
