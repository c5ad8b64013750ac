// Policy laid over the shipped lists, and what a review of a work by it writes.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "core/json.hpp"
#include "core/policy_log.hpp"
#include "processors/stages/dedupe/policy_scans.hpp"
#include "processors/stages/policy_rules.hpp"
#include "tests/unit/processors/dedupe/dedupe_fixture.hpp"

namespace freshet {
namespace {

constexpr std::int64_t kT = 1'790'000'000'000'000;
const std::string kKey = "image:met:1";

class Overlaid : public testing::Test {
 protected:
  void say(std::string_view key, const std::string& rule) {
    const std::string value = R"({"version":)" + std::to_string(++version) +
                              R"(,"at":"2026-11-21T00:00:00.000Z","by":"a","why":"b","rule":)" +
                              rule + "}";
    ASSERT_FALSE(policy.apply({.key = key,
                               .value = value,
                               .schema = schema_header::kPolicy,
                               .version = std::nullopt,
                               .appended = UtcTime{kT}}));
  }
  void take_back(std::string_view key) {
    const std::string header = std::to_string(++version);
    policy.apply({.key = key,
                  .value = std::nullopt,
                  .schema = std::nullopt,
                  .version = header,
                  .appended = UtcTime{kT}});
  }
  DedupeRules rules(const DedupeRules* before = nullptr) {
    return overlaid(shipped_dedupe_rules(), policy.policy(), before);
  }
  std::vector<std::string> jobs() {
    std::vector<std::string> names;
    for (const ScanJob& job : scans_of(policy.policy())) {
      names.push_back(job.name + " " + job.prefix);
    }
    return names;
  }
  std::string token(std::string_view name) {
    for (const ScanJob& job : scans_of(policy.policy())) {
      if (job.name == name) {
        return job.token;
      }
    }
    return "none";
  }

  PolicyLog policy;
  int version = 0;
};

TEST_F(Overlaid, NothingSaidIsWhatIsShipped) {
  const DedupeRules made = rules();
  EXPECT_EQ(made.policy_version, 0);
  EXPECT_EQ(made.sensitive_terms, nullptr);
  EXPECT_TRUE(made.tags.hides({"flickriosapp:filter=flamingo", "", ""}));
  EXPECT_EQ(made.authority, shipped_dedupe_rules().authority);
}

TEST_F(Overlaid, ListsTakeThePlaceOfTheShippedAndGoBack) {
  say("hidden_tags", R"({"names":["Sea"],"parts":[],"providers":["r"],"least_accuracy":0.5})");
  EXPECT_TRUE(rules().tags.hides({"SEA", "", ""}));
  EXPECT_TRUE(rules().tags.hides({"x", "r", ""}));
  EXPECT_TRUE(rules().tags.hides({"x", "", "0.4"}));
  EXPECT_FALSE(rules().tags.hides({"x", "", "0.6"}));
  EXPECT_FALSE(rules().tags.hides({"uploaded", "", ""})) << "whole lists, not additions";
  take_back("hidden_tags");
  EXPECT_FALSE(rules().tags.hides({"sea", "", ""}));
  EXPECT_TRUE(rules().tags.hides({"uploaded", "", ""}));
}

TEST_F(Overlaid, TermsAreBuiltOnceAndSharedByLaterStates) {
  say("sensitive_terms", R"({"terms":["bird"]})");
  const DedupeRules first = rules();
  ASSERT_NE(first.sensitive_terms, nullptr);
  say("source:met", R"({"hidden":true})");
  const DedupeRules second = rules(&first);
  EXPECT_EQ(second.sensitive_terms, first.sensitive_terms);
  EXPECT_GT(second.policy_version, first.policy_version);
  say("sensitive_terms", R"({"terms":["fish"]})");
  const DedupeRules third = rules(&second);
  EXPECT_TRUE(third.sensitive_terms->occurs_in("a fish"));
  EXPECT_FALSE(third.sensitive_terms->occurs_in("a bird"));
  say("sensitive_terms", R"({"terms":[]})");
  EXPECT_EQ(rules(&third).sensitive_terms, nullptr) << "an empty list costs nothing";
  take_back("sensitive_terms");
  EXPECT_EQ(rules(&third).sensitive_terms, nullptr);
}

TEST_F(Overlaid, OnlyWhatConcernsWorksIsScanned) {
  EXPECT_EQ(jobs(), (std::vector<std::string>{"lists "}));
  const std::string shipped = token("lists");
  say("source:met", R"({"hidden":true})");
  EXPECT_EQ(token("lists"), shipped) << "hiding a source concerns no work";
  EXPECT_EQ(jobs().size(), 1U);
  say("sensitive_terms", R"({"terms":["bird"]})");
  const std::string with_terms = token("lists");
  EXPECT_NE(with_terms, shipped);
  say("sources", R"({"sources":[{"name":"met","media_types":["image"]}]})");
  EXPECT_EQ(token("lists"), with_terms) << "what is known of sources concerns no work";
  say("http_hosts", R"({"hosts":["u.org"]})");
  const std::string with_hosts = token("lists");
  EXPECT_NE(with_hosts, with_terms);
  take_back("http_hosts");
  EXPECT_NE(token("lists"), with_hosts);
  EXPECT_NE(token("lists"), with_terms) << "URLs that were changed meanwhile have to change back";
  take_back("sensitive_terms");
  EXPECT_NE(token("lists"), with_terms);
  EXPECT_NE(token("lists"), shipped) << "works that were marked meanwhile have to be visited";
  say("popularity:image:met",
      R"({"metric":"views","percentile":0.85,"value":1,"constant":1,"works":3})");
  say("removal:image:met", R"({"approved_before":"2026-11-21T00:00:00Z","held":null})");
  EXPECT_EQ(jobs(), (std::vector<std::string>{"lists ", "popularity:image:met image:met:",
                                              "removal:image:met image:met:"}));
  const std::string constant = token("popularity:image:met");
  take_back("popularity:image:met");
  EXPECT_NE(token("popularity:image:met"), constant) << "scores are to go";
}

std::string work(std::string_view rest) {
  return R"({"media_type":"image","provider":"met","foreign_identifier":"1",)"
         R"("foreign_landing_url":"https://l.org","url":"https://u.org/a.jpg","license":"by",)"
         R"("license_version":"4.0")" +
         std::string{rest} + "}";
}

class Reviewed : public Overlaid {
 protected:
  void sight(std::string_view rest) {
    partition.begin(UtcTime::from_millis(1'790'000'000'500));
    partition.apply(kKey, sighting_json(kT, work(rest)));
    partition.commit();
  }
  bool review() {
    partition.rules = rules(&partition.rules);
    partition.begin(UtcTime::from_millis(1'790'000'009'000));
    const Dedupe::Tools tools = partition.tools(1);
    const bool is_written =
        partition.dedupe->review(kKey, partition.store.records.at(kKey), tools, partition.out);
    partition.commit();
    return is_written;
  }
  json::value record() { return json::parse(partition.store.records.at(kKey)); }
  bool is_sensitive() {
    return partition.store.records.at(kKey).find(R"("sensitive_text")") != std::string::npos;
  }

  OnePartition partition;
};

struct TextCase {
  std::string name;
  std::string rest;
  bool is_sensitive;
};

class ReviewedText : public Reviewed, public testing::WithParamInterface<TextCase> {};

TEST_P(ReviewedText, IsSensitiveByTitleDescriptionAndTags) {
  sight(GetParam().rest);
  EXPECT_FALSE(is_sensitive());
  say("sensitive_terms", R"({"terms":["bird","it's \\ odd"]})");
  EXPECT_EQ(review(), GetParam().is_sensitive);
  EXPECT_EQ(is_sensitive(), GetParam().is_sensitive);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, ReviewedText,
    testing::Values(
        TextCase{"Title", R"(,"title":"A Bird.")", true},
        TextCase{"Tag",
                 R"(,"tags":[{"name":"x","provider":"met"},{"name":"Bird","provider":"met"}])",
                 true},
        TextCase{"HiddenTagToo", R"(,"tags":[{"name":"bird","provider":"rekognition"}])", true},
        TextCase{"Description", R"(,"meta_data":{"description":"no\nbird"})", true},
        TextCase{"Escapes", R"(,"title":"it's \\ odd")", true},
        TextCase{"OtherMembers", R"(,"creator":"bird","meta_data":{"views":"bird"})", false},
        TextCase{"DescriptionOfParts", R"(,"meta_data":{"description":{"a":"bird"}})", false},
        TextCase{"Nothing", "", false}),
    [](const auto& param) { return param.param.name; });

TEST_F(Reviewed, WritesOnlyWhatChangesAndLeavesUpdatedOnAlone) {
  sight(R"(,"title":"A bird")");
  EXPECT_FALSE(review()) << "nothing was said";
  const json::value before = record();
  say("source:met", R"({"hidden":true})");
  EXPECT_FALSE(review()) << "another version alone is no difference";
  EXPECT_EQ(record(), before);
  say("sensitive_terms", R"({"terms":["bird"]})");
  EXPECT_TRUE(review());
  json::value after = record();
  EXPECT_EQ(after.at("derived").at("policy").as_int64(), 2);
  EXPECT_GT(after.at("revision").as_int64(), before.at("revision").as_int64());
  for (const char* member :
       {"updated_on", "created_on", "last_seen_at", "work", "seen", "status"}) {
    EXPECT_EQ(after.at(member), before.at(member)) << member;
  }
  EXPECT_FALSE(review()) << "a second time";
  say("sensitive_terms", R"({"terms":["bird","fish"]})");
  EXPECT_FALSE(review()) << "for another reason, but the same";
  take_back("sensitive_terms");
  EXPECT_TRUE(review());
  EXPECT_FALSE(is_sensitive());
}

TEST_F(Reviewed, SeesWhatTheBatchHasDoneAlready) {
  sight(R"(,"title":"A bird")");
  say("sensitive_terms", R"({"terms":["bird"]})");
  partition.rules = rules();
  const std::string stored = partition.store.records.at(kKey);
  partition.begin(UtcTime::from_millis(1'790'000'009'000));
  partition.apply(kKey, sighting_json(kT + 5, work(R"(,"title":"A fish")")));
  const Dedupe::Tools tools = partition.tools(1);
  EXPECT_FALSE(partition.dedupe->review(kKey, stored, tools, partition.out));
  partition.commit();
  EXPECT_EQ(record().at("work").at("title").as_string(), "A fish");
}

TEST_F(Reviewed, AWorkThatIsTooLargeToBeWrittenStays) {
  sight(R"(,"title":"A bird")");
  const std::string before = partition.store.records.at(kKey);
  say("sensitive_terms", R"({"terms":["bird"]})");
  partition.out.limit = 10;
  EXPECT_FALSE(review());
  EXPECT_EQ(partition.store.records.at(kKey), before);
  EXPECT_TRUE(partition.out.letters.empty()) << "there is no message to put aside";
}

TEST_F(Reviewed, OneThatWasErasedHasNoTextAndKeepsWhatWasDecided) {
  sight(R"(,"title":"A bird")");
  partition.begin(UtcTime::from_millis(1'790'000'000'600));
  const std::string id = "00000000-0000-4000-8000-000000000000";
  partition.decide({kKey, DecisionKind::erase, {{UtcTime{kT}, id, "erase", "a", "b"}}});
  partition.decide({kKey, DecisionKind::sensitive, {{UtcTime{kT}, id, "sensitive", "a", "b"}}});
  partition.commit();
  say("sensitive_terms", R"({"terms":["bird"]})");
  EXPECT_FALSE(review());
  EXPECT_NE(partition.store.records.at(kKey).find("user_reported_sensitivity"), std::string::npos);
}

// The list of hosts that speak http works both ways, on every URL that clean made, and on no other.
TEST_F(Reviewed, SchemesFollowTheListOfHosts) {
  sight(R"(,"thumbnail":"https://T.u.org:8080/t","creator_url":"https://me@u.org./c",)"
        R"("meta_data":{"page":"https://u.org/m"})");
  const json::value before = record();
  say("http_hosts", R"({"hosts":["other.org","u.org"]})");
  EXPECT_TRUE(review());
  json::value after = record();
  const auto url = [&](const char* field) {
    return std::string{after.at("work").at(field).as_string()};
  };
  EXPECT_EQ(url("url"), "http://u.org/a.jpg");
  EXPECT_EQ(url("creator_url"), "http://me@u.org./c") << "user and final dot are not the host's";
  EXPECT_EQ(url("thumbnail"), "https://T.u.org:8080/t") << "hosts are named one by one";
  EXPECT_EQ(url("foreign_landing_url"), "https://l.org");
  EXPECT_EQ(after.at("work").at("meta_data"), before.at("work").at("meta_data"));
  EXPECT_GT(after.at("revision").as_int64(), before.at("revision").as_int64());
  EXPECT_NE(after.at("updated_on"), before.at("updated_on")) << "the work itself is another";
  EXPECT_EQ(after.at("seen"), before.at("seen")) << "with the same claim: http and https are one";
  EXPECT_EQ(after.at("created_on"), before.at("created_on"));
  EXPECT_TRUE(partition.claims.size() == 1) << "nothing is claimed or released by it";
  EXPECT_FALSE(review()) << "a second time";
  say("http_hosts", R"({"hosts":["t.u.org"]})");
  EXPECT_TRUE(review());
  after = record();
  EXPECT_EQ(url("url"), "https://u.org/a.jpg");
  EXPECT_EQ(url("thumbnail"), "http://T.u.org:8080/t");
  take_back("http_hosts");
  EXPECT_TRUE(review());
  EXPECT_EQ(record().at("work"), before.at("work")) << "byte for byte";
  EXPECT_FALSE(review());
}

// Sightings come as clean makes them, by the shipped list, whatever policy says.
TEST_F(Reviewed, ASightingThatComesLaterHasTheSchemeOfTheListInForce) {
  say("http_hosts", R"({"hosts":["u.org"]})");
  partition.rules = rules();
  sight("");
  EXPECT_EQ(record().at("work").at("url").as_string(), "http://u.org/a.jpg");
  EXPECT_FALSE(review()) << "there is nothing left for the scan";
  const std::int64_t revision = record().at("revision").as_int64();
  sight("");
  EXPECT_EQ(record().at("revision").as_int64(), revision) << "unchanged";
  // A work that was merged under the list, and changes after it was withdrawn, before the scan.
  take_back("http_hosts");
  partition.rules = rules();
  partition.begin(UtcTime::from_millis(1'790'000'000'900));
  partition.apply(kKey, sighting_json(kT + 5, work(R"(,"title":"Another")")));
  partition.commit();
  EXPECT_EQ(record().at("work").at("url").as_string(), "https://u.org/a.jpg");
}

TEST_F(Reviewed, AReemitBringsTheSchemesInForce) {
  sight("");
  say("http_hosts", R"({"hosts":["l.org"]})");
  partition.rules = rules();
  partition.begin(UtcTime::from_millis(1'790'000'000'600));
  partition.decide({kKey,
                    DecisionKind::reemit,
                    {{UtcTime{kT}, "00000000-0000-4000-8000-000000000000", "reemit", "a", "b"}}});
  partition.commit();
  EXPECT_EQ(record().at("work").at("foreign_landing_url").as_string(), "http://l.org");
}

TEST_F(Reviewed, SchemesOfABlockedWorkFollowToo) {
  sight("");
  partition.begin(UtcTime::from_millis(1'790'000'000'600));
  partition.decide({kKey,
                    DecisionKind::takedown,
                    {{UtcTime{kT}, "00000000-0000-4000-8000-000000000000", "takedown", "a", "b"}}});
  partition.commit();
  say("http_hosts", R"({"hosts":["u.org"]})");
  EXPECT_TRUE(review());
  EXPECT_EQ(record().at("work").at("url").as_string(), "http://u.org/a.jpg");
  EXPECT_EQ(record().at("status").as_string(), "blocked");
}

}  // namespace
}  // namespace freshet
