#include "operate/sums.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Totals totals(std::map<std::string, std::int64_t> counters) { return Totals{std::move(counters)}; }

/// Sums in which everything agrees: two partitions of met, one of jamendo.
Sums agreeing() {
  Sums sums;
  sums.add({"process", "met", 0}, totals({{"received", 10},
                                          {"created", 4},
                                          {"merged", 1},
                                          {"unchanged", 2},
                                          {"control", 1},
                                          {"dropped.licence", 1},
                                          {"dead_lettered.invalid_value", 1},
                                          {"works.live", 3},
                                          {"works.duplicate", 1}}));
  sums.add({"process", "met", 1}, totals({{"received", 5}, {"created", 5}, {"works.live", 5}}));
  sums.add({"process", "jamendo", 1}, totals({{"received", 2}, {"created", 2}, {"works.live", 2}}));
  sums.add({"produce", "met", 0}, totals({{"listed", 12},
                                          {"emitted", 9},
                                          {"dropped.no_url", 2},
                                          {"rejected.wrong_type", 1},
                                          {"pages", 3},
                                          {"requests", 14}}));
  LiveCounts stored;
  stored.by_media_type = {{"image", 8}, {"audio", 2}};
  stored.by_provider = {{"met", 8}, {"jamendo", 2}};
  sums.stores = {{"postgres", "PostgreSQL", stored}, {"elasticsearch", "Elasticsearch", stored}};
  return sums;
}

LiveCounts& in(Sums& sums, std::size_t store) { return *sums.stores.at(store).live; }

TEST(Sums, AddUpOverPartitions) {
  const Sums sums = agreeing();
  EXPECT_EQ(sums.processed.at("met").at("received"), 15);
  EXPECT_EQ(sums.processed.at("met").at("works.live"), 8);
  EXPECT_THAT(find_disagreements(sums), IsEmpty());
}

struct Break {
  const char* name;
  void (*damage)(Sums&);
  const char* sentence;
};
class BrokenSums : public ::testing::TestWithParam<Break> {};

TEST_P(BrokenSums, AreNamed) {
  Sums sums = agreeing();
  GetParam().damage(sums);
  EXPECT_THAT(find_disagreements(sums), ElementsAre(HasSubstr(GetParam().sentence)));
  EXPECT_THAT(format_sums_table(sums), HasSubstr("Does not agree"));
}

INSTANTIATE_TEST_SUITE_P(
    , BrokenSums,
    ::testing::Values(
        Break{"ReceivedWithoutOutcome", [](Sums& s) { s.processed["met"].add("received"); },
              "met: 16 records were received, 15 have an outcome"},
        Break{"OutcomeWithoutReceived",
              [](Sums& s) { s.processed["jamendo"].add("dead_lettered.too_large"); },
              "jamendo: 2 records were received, 3 have an outcome"},
        Break{"ClaimWithoutOutcome",
              [](Sums& s) {
                s.add({"urls", "met", 0},
                      totals({{"received", 5}, {"claimed", 3}, {"released", 1}, {"told", 2}}));
              },
              "met: 5 claims on URLs were received, 4 have an outcome"},
        Break{"ListedButGone", [](Sums& s) { s.produced["met"].add("listed", 2); },
              "met: 14 records were listed, 12 emitted"},
        Break{"MissingInPostgres", [](Sums& s) { --in(s, 0).by_provider["met"]; },
              "met: 8 works are live, 7 in PostgreSQL"},
        Break{"TooManyInElasticsearch", [](Sums& s) { ++in(s, 1).by_provider["jamendo"]; },
              "jamendo: 2 works are live, 3 in Elasticsearch"},
        Break{"StoreKnowsAnotherProvider", [](Sums& s) { in(s, 0).by_provider["flickr"] = 1; },
              "flickr: 0 works are live, 1 in PostgreSQL"},
        Break{"StoreKnowsNothingOfAProvider", [](Sums& s) { in(s, 0).by_provider.erase("met"); },
              "met: 8 works are live, 0 in PostgreSQL"},
        Break{"StoreIsAway", [](Sums& s) { s.stores[1].live.reset(); },
              "Elasticsearch did not answer"}),
    [](const auto& one) { return one.param.name; });

TEST(Sums, TheTableHasReasonsAndStores) {
  const std::string text = format_sums_table(agreeing());
  EXPECT_THAT(text, HasSubstr("met       process  dropped        licence              1\n"));
  EXPECT_THAT(text, HasSubstr("met       produce  rejected       wrong_type           1\n"));
  EXPECT_THAT(text, HasSubstr("The sums agree.\n"));
}

TEST(Sums, TheJsonHasReasonsNestedAndNullForAStoreThatIsAway) {
  Sums sums = agreeing();
  sums.stores[1].live.reset();
  sums.notes.emplace_back("Elasticsearch: connection refused");
  const auto parsed = parse_json(format_sums_json(sums));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(value_at(*parsed, "/processed/met/dropped/licence").as_int64(), 1);
  EXPECT_EQ(value_at(*parsed, "/processed/met/works/live").as_int64(), 8);
  EXPECT_EQ(value_at(*parsed, "/all/received").as_int64(), 17);
  EXPECT_EQ(value_at(*parsed, "/produced/met/rejected/wrong_type").as_int64(), 1);
  EXPECT_EQ(value_at(*parsed, "/stores/postgres/live").as_int64(), 10);
  EXPECT_EQ(value_at(*parsed, "/stores/postgres/by_media_type/audio").as_int64(), 2);
  EXPECT_TRUE(parsed->at("stores").at("elasticsearch").is_null());
  EXPECT_FALSE(parsed->at("agree").as_bool());
  EXPECT_EQ(parsed->at("disagreements").as_array().size(), 1U);
  EXPECT_EQ(parsed->at("notes").as_array().size(), 1U);
}

TEST(Sums, ShowAStoreAndAReaderThatNobodyThoughtOf) {
  Sums sums = agreeing();
  sums.stores.push_back({"opensearch", "OpenSearch", in(sums, 0)});
  sums.readers.push_back({"sink.usage", "usage.events.v1", 7, 12});
  EXPECT_THAT(find_disagreements(sums), IsEmpty());
  --in(sums, 2).by_provider["met"];
  EXPECT_THAT(find_disagreements(sums), ElementsAre("met: 8 works are live, 7 in OpenSearch"));
  const std::string text = format_sums_table(sums);
  EXPECT_THAT(text, HasSubstr("ELASTICSEARCH  OPENSEARCH\n"));
  EXPECT_THAT(text, HasSubstr("sink.usage  usage.events.v1     7   12             5\n"));
  const auto parsed = parse_json(format_sums_json(sums));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(value_at(*parsed, "/stores/opensearch/live").as_int64(), 10);
  EXPECT_EQ(value_at(*parsed, "/readers/0/left").as_int64(), 5);
  EXPECT_THAT(format_sums_line(sums), HasSubstr("elasticsearch 10  opensearch 10\n"));
}

TEST(Sums, OfAKindThatNoRoleKeepsAreToldOnce) {
  Sums sums = agreeing();
  sums.add({"popularity.image.3", "met", 0}, {});
  sums.add({"run.image", "met", 0}, {});
  EXPECT_THAT(sums.notes, IsEmpty());
  sums.add({"pictures", "met", 0}, {});
  sums.add({"pictures", "met", 1}, {});
  EXPECT_THAT(sums.notes, ElementsAre(HasSubstr("pictures")));
}

TEST(Sums, TheLineHasTheWhole) {
  EXPECT_EQ(format_sums_line(agreeing()),
            "received 17  created 11  merged 1  unchanged 2  dropped 1  dead letters 1  live 10  "
            "postgres 10  elasticsearch 10\n");
}

}  // namespace
}  // namespace freshet
