#include "api/search_reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet::api {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ReadHits, TakesIdsAndFieldsThatMatchedInOrder) {
  const auto hits = read_hits(R"({"timed_out":false,"_shards":{"failed":0},"hits":{
    "total":{"value":10000,"relation":"gte"},"hits":[
      {"sort":[7.5,"a",3],"matched_queries":["tags.name","else","title"]},
      {"_id":"b","sort":[7.5]}]}})");
  ASSERT_TRUE(hits);
  EXPECT_EQ(hits->total, 10000);
  ASSERT_EQ(hits->hits.size(), 2U);
  EXPECT_EQ(hits->hits[0].identifier, "a");
  EXPECT_THAT(hits->hits[0].fields_matched, ElementsAre("title", "tags.name"));
  EXPECT_TRUE(hits->hits[1].fields_matched.empty());
}

TEST(ReadHits, TakesAPlainTotalOrNone) {
  EXPECT_EQ(read_hits(R"({"hits":{"total":7,"hits":[]}})")->total, 7);
  EXPECT_EQ(read_hits(R"({"hits":{"hits":[]}})")->total, 0);
}

TEST(ReadHits, TakesWhereTheNextPageBegins) {
  const auto hits = read_hits(R"({"pit_id":"p2","hits":{"hits":[{"sort":[2,"a",7]},
    {"sort":[1.5,"b",4294967296]}]}})");
  ASSERT_TRUE(hits);
  ASSERT_EQ(hits->hits.size(), 2U);
  EXPECT_EQ(hits->hits[0].identifier, "a") << "Elasticsearch adds a number in a point in time";
  EXPECT_EQ(hits->hits[1].identifier, "b");
  EXPECT_EQ(hits->last_sort, R"([1.5,"b",4294967296])");
  EXPECT_EQ(hits->point, "p2");
  EXPECT_EQ(read_hits(R"({"hits":{"hits":[]}})")->last_sort, "");
}

TEST(ReadHits, RefusesWhatIsNotWhole) {
  EXPECT_EQ(read_hits(R"({"timed_out":true,"hits":{"hits":[]}})").error().errc(), Errc::timed_out);
  for (const char* body : {"", "{}", "[]", R"({"hits":{"hits":[{}]}})", "<html>"}) {
    EXPECT_EQ(read_hits(body).error().errc(), Errc::malformed_payload) << body;
  }
}

constexpr const char* kFailing = R"({"_shards":{"total":3,"failed":2,"failures":[
  {"shard":1,"index":"image-1","reason":{"type":"%s","reason":"why",
   "caused_by":{"type":"%s","reason":"because"}}}]},
  "hits":{"total":{"value":1},"hits":[{"_id":"a"}]},"aggregations":{"sources":{"buckets":[]}}})";

std::string failing(const std::string& type, const std::string& cause = "runtime_exception") {
  std::string body = kFailing;
  body.replace(body.find("%s"), 2, type);
  return body.replace(body.find("%s"), 2, cause);
}

TEST(ReadHits, DoesWithoutAShardThatFailedOnADocument) {
  for (const char* type : {"illegal_argument_exception", "fetch_phase_execution_exception",
                           "null_pointer_exception", "script_exception"}) {
    const auto hits = read_hits(failing(type));
    ASSERT_TRUE(hits) << type;
    EXPECT_EQ(hits->hits.size(), 1U);
    EXPECT_EQ(hits->lacking, std::string{type} + ": why");
  }
  EXPECT_EQ(read_hits(R"({"_shards":{"failed":0},"hits":{"hits":[]}})")->lacking, "");
}

TEST(ReadHits, DoesNotDoWithoutAShardThatIsAwayOrBusy) {
  for (const std::string& body :
       {std::string{R"({"_shards":{"failed":1},"hits":{"hits":[]}})"},
        std::string{R"({"_shards":{"failed":1,"failures":[]},"hits":{"hits":[]}})"},
        std::string{R"({"_shards":{"failed":1,"failures":[{"shard":0}]},"hits":{"hits":[]}})"},
        failing("no_shard_available_action_exception"), failing("node_disconnected_exception"),
        failing("es_rejected_execution_exception"), failing("circuit_breaking_exception"),
        failing("fetch_phase_execution_exception", "task_cancelled_exception")}) {
    const auto hits = read_hits(body);
    ASSERT_FALSE(hits) << body;
    EXPECT_EQ(hits.error().errc(), Errc::unreachable);
    EXPECT_EQ(hits.error().retry(), Retry::after_backoff);
  }
}

TEST(ReadSourceCounts, TakesNoSumOfAPart) {
  EXPECT_EQ(read_source_counts(failing("illegal_argument_exception")).error().errc(),
            Errc::unreachable);
}

TEST(ReadSourceCounts, ReadsBuckets) {
  const auto counts = read_source_counts(
      R"({"aggregations":{"sources":{"buckets":[
        {"key":"met","doc_count":3,"newest":{"value":1.7956512E12,"value_as_string":"x"}},
        {"key":"old","doc_count":1,"newest":{"value":null}}]}}})");
  ASSERT_TRUE(counts);
  EXPECT_THAT(counts->works, ElementsAre(Pair("met", 3), Pair("old", 1)));
  EXPECT_THAT(counts->newest, ElementsAre(Pair("met", 1795651200000)));
  EXPECT_FALSE(read_source_counts(R"({"aggregations":{"sources":{"buckets":[{}]}}})"));
  EXPECT_FALSE(read_source_counts("{}"));
}

TEST(ReadSearchError, FindsTheRootCause) {
  EXPECT_EQ(read_search_error(R"({"error":{"root_cause":[{"type":"index_not_found_exception",
    "reason":"no such index [image]"}],"type":"x","reason":"y"},"status":404})"),
            "index_not_found_exception: no such index [image]");
  EXPECT_EQ(read_search_error(R"({"error":{"type":"x","reason":"y"}})"), "x: y");
  EXPECT_EQ(read_search_error("Bad Gateway"), "Bad Gateway");
  EXPECT_EQ(read_search_error(""), "the index gave no reason");
}

}  // namespace
}  // namespace freshet::api
