#include "api/search_reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet::api {
namespace {

using testing::ElementsAre;

TEST(ReadHits, TakesIdsAndHighlightedFieldsInOrder) {
  const auto hits = read_hits(R"({"timed_out":false,"_shards":{"failed":0},"hits":{
    "total":{"value":10000,"relation":"gte"},"hits":[
      {"_id":"a","highlight":{"title":["<em>x</em>"],"tags.name":["y"]}},{"_id":"b"}]}})");
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

TEST(ReadHits, RefusesWhatIsNotWhole) {
  EXPECT_EQ(read_hits(R"({"_shards":{"failed":1},"hits":{"hits":[]}})").error().errc(),
            Errc::store_refused);
  EXPECT_EQ(read_hits(R"({"timed_out":true,"hits":{"hits":[]}})").error().errc(), Errc::timed_out);
  for (const char* body : {"", "{}", "[]", R"({"hits":{"hits":[{}]}})", "<html>"}) {
    EXPECT_EQ(read_hits(body).error().errc(), Errc::malformed_payload) << body;
  }
}

TEST(ReadSourceCounts, ReadsBuckets) {
  const auto counts = read_source_counts(
      R"({"aggregations":{"sources":{"buckets":[{"key":"met","doc_count":3}]}}})");
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->at("met"), 3);
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
