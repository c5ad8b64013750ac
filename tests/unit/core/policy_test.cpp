#include "core/policy_log.hpp"

#include <gtest/gtest.h>

#include "core/topics.hpp"

namespace freshet {
namespace {

constexpr std::int64_t kNow = 1'795'220'451'256;

std::string value_json(std::int64_t version, std::string_view rule) {
  return R"({"version":)" + std::to_string(version) +
         R"(,"at":"2026-11-21T00:00:00.000Z","by":"A. Person","why":"request","rule":)" +
         std::string{rule} + "}";
}

PolicyMessage message(std::string_view key, std::string_view value, std::int64_t offset = 0) {
  return {.key = key,
          .value = value,
          .schema = schema_header::kPolicy,
          .version = std::nullopt,
          .appended = UtcTime::from_millis(kNow),
          .offset = offset};
}

PolicyMessage taken_back(std::string_view key, std::int64_t appended_ms, std::int64_t offset = 0) {
  return {.key = key,
          .value = std::nullopt,
          .schema = std::nullopt,
          .version = std::nullopt,
          .appended = UtcTime::from_millis(appended_ms),
          .offset = offset};
}

struct Case {
  std::string name;
  std::string key;
  std::string rule;
  std::string fault;  ///< field and rule, or empty: it is fine
};

class PolicyRuleIs : public testing::TestWithParam<Case> {};

TEST_P(PolicyRuleIs, ReadOrRefused) {
  const auto& [name, key, rule, fault] = GetParam();
  const auto value = parse_policy_value(key, value_json(7, rule));
  if (!fault.empty()) {
    ASSERT_FALSE(value);
    const Error error = value.error();
    EXPECT_EQ(error.field() + "/" + error.rule(), fault) << error.message();
    EXPECT_EQ(error.retry(), Retry::never);
    return;
  }
  ASSERT_TRUE(value) << value.error().message();
  // What is written is read again as the same.
  const auto again = parse_policy_value(key, encode_policy_value(*value));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->rule, value->rule);
  EXPECT_EQ(encode_policy_value(*again), encode_policy_value(*value));
}

std::string repeated(std::string_view entry, std::size_t times) {
  std::string list;
  for (std::size_t i = 0; i < times; ++i) {
    list += list.empty() ? "" : ",";
    list += entry;
  }
  return "[" + list + "]";
}

const std::string kTags = R"("parts":["x"],"providers":["y"],"least_accuracy":0.9)";

INSTANTIATE_TEST_SUITE_P(
    Rules, PolicyRuleIs,
    testing::Values(
        Case{"Terms", "sensitive_terms", R"({"terms":["Bird","two  words","ÄÖ"]})", ""},
        Case{"NoTerms", "sensitive_terms", R"({"terms":[]})", ""},
        Case{"TermsMissing", "sensitive_terms", "{}", "rule.terms/required"},
        Case{"TermsNoList", "sensitive_terms", R"({"terms":"bird"})", "rule.terms/required"},
        Case{"TermNoText", "sensitive_terms", R"({"terms":["a",7]})", "rule.terms/text"},
        Case{"TermEmpty", "sensitive_terms", R"({"terms":[""]})", "rule.terms/text"},
        Case{"TermOfSpaces", "sensitive_terms", R"({"terms":["   "]})", "rule.terms/text"},
        Case{"TermWithNul", "sensitive_terms", R"({"terms":["a\u0000b"]})", "rule.terms/text"},
        Case{"TermTooLong", "sensitive_terms", R"({"terms":[")" + std::string(201, 'x') + "\"]}",
             "rule.terms/text"},
        Case{"TooManyTerms", "sensitive_terms", R"({"terms":)" + repeated("\"a\"", 100'001) + "}",
             "rule.terms/length"},
        Case{"RuleNoObject", "sensitive_terms", "[]", "rule/required"},
        Case{"RuleNull", "sensitive_terms", "null", "rule/required"},
        Case{"Tags", "hidden_tags", R"({"names":["BY"],)" + kTags + "}", ""},
        Case{"TagsLackNames", "hidden_tags", "{" + kTags + "}", "rule.names/required"},
        Case{"EmptyPartHidesAll", "hidden_tags",
             R"({"names":[],"parts":[""],"providers":[],"least_accuracy":0.9})", "rule.parts/text"},
        Case{"AccuracyText", "hidden_tags",
             R"({"names":[],"parts":[],"providers":[],"least_accuracy":"0.9"})",
             "rule.least_accuracy/required"},
        Case{"AccuracyAboveOne", "hidden_tags",
             R"({"names":[],"parts":[],"providers":[],"least_accuracy":90})",
             "rule.least_accuracy/range"},
        Case{"TooManyParts", "hidden_tags",
             R"({"names":[],"parts":)" + repeated("\"a\"", 1'001) +
                 R"(,"providers":[],"least_accuracy":0.9})",
             "rule.parts/length"},
        Case{"Source", "source:flickr", R"({"hidden":true})", ""},
        Case{"SourceWithColon", "source:a:b", R"({"hidden":false})", ""},
        Case{"SourceEmpty", "source:", R"({"hidden":true})", "key/rule"},
        Case{"SourceTooLong", "source:" + std::string(81, 's'), R"({"hidden":true})", "key/rule"},
        Case{"SourceControl", "source:a\tb", R"({"hidden":true})", "key/rule"},
        Case{"SourceNotUtf8", "source:\xff", R"({"hidden":true})", "key/rule"},
        Case{"Sources", "sources",
             R"({"sources":[{"name":"b","display_name":"B x","source_url":"https://b.org/é",)"
             R"("media_types":["image","audio"],"hidden":true},)"
             R"({"name":"A a","media_types":["audio"]}]})",
             ""},
        Case{"NoSources", "sources", R"({"sources":[]})", ""},
        Case{"SourcesMissing", "sources", "{}", "rule.sources/required"},
        Case{"SourcesNoList", "sources", R"({"sources":{}})", "rule.sources/required"},
        Case{"TooManySources", "sources", R"({"sources":)" + repeated("1", 2'001) + "}",
             "rule.sources/length"},
        Case{"EntryNoObject", "sources", R"({"sources":["met"]})", "rule.sources[0]/object"},
        Case{"EntryNameless", "sources", R"({"sources":[{"media_types":["image"]}]})",
             "rule.sources[0].name/required"},
        Case{"EntryNameOfSpaces", "sources",
             R"({"sources":[{"name":" ","media_types":["image"]}]})",
             "rule.sources[0].name/required"},
        Case{"EntryNameNumber", "sources", R"({"sources":[{"name":7,"media_types":["image"]}]})",
             "rule.sources[0].name/text"},
        Case{"EntryNameTooLong", "sources",
             R"({"sources":[{"name":")" + std::string(81, 'n') + R"(","media_types":["image"]}]})",
             "rule.sources[0].name/text"},
        Case{"EntryNameWithComma", "sources",
             R"({"sources":[{"name":"a,b","media_types":["image"]}]})",
             "rule.sources[0].name/no_comma"},
        Case{"EntriesOfOneName", "sources",
             R"({"sources":[{"name":"École","media_types":["image"]},)"
             R"({"name":"x","media_types":["image"]},{"name":"éCOLE","media_types":["audio"]}]})",
             "rule.sources[2].name/unique"},
        Case{"EntryWithoutMedia", "sources", R"({"sources":[{"name":"a"}]})",
             "rule.sources[0].media_types/required"},
        Case{"EntryOfNoMedia", "sources", R"({"sources":[{"name":"a","media_types":[]}]})",
             "rule.sources[0].media_types/media_types"},
        Case{"EntryOfVideo", "sources",
             R"({"sources":[{"name":"a","media_types":["image","video"]}]})",
             "rule.sources[0].media_types/media_types"},
        Case{"EntryUrlWithoutScheme", "sources",
             R"({"sources":[{"name":"a","media_types":["image"],"source_url":"a.org"}]})",
             "rule.sources[0].source_url/url"},
        Case{"EntryUrlOfAScript", "sources",
             R"({"sources":[{"name":"a","media_types":["image"],"source_url":"javascript:x"}]})",
             "rule.sources[0].source_url/url"},
        Case{"EntryUrlWithoutHost", "sources",
             R"({"sources":[{"name":"a","media_types":["image"],"source_url":"https:///x"}]})",
             "rule.sources[0].source_url/url"},
        Case{"EntryUrlWithSpace", "sources",
             R"({"sources":[{"name":"a","media_types":["image"],"source_url":"https://a b"}]})",
             "rule.sources[0].source_url/url"},
        Case{"EntryDisplayNumber", "sources",
             R"({"sources":[{"name":"a","media_types":["image"],"display_name":1}]})",
             "rule.sources[0].display_name/text"},
        Case{"EntryHiddenText", "sources",
             R"({"sources":[{"name":"a","media_types":["image"],"hidden":"no"}]})",
             "rule.sources[0].hidden/boolean"},
        Case{"EntryMisspelt", "sources",
             R"({"sources":[{"name":"a","media_types":["image"],"displayname":"A"}]})",
             "rule.sources[0]/members"},
        Case{"Hosts", "http_hosts", R"({"hosts":["Old.Example.org","10.0.0.1","bücher.example"]})",
             ""},
        Case{"NoHosts", "http_hosts", R"({"hosts":[]})", ""},
        Case{"HostsMissing", "http_hosts", R"({"terms":[]})", "rule.hosts/required"},
        Case{"TooManyHosts", "http_hosts", R"({"hosts":)" + repeated("\"a.b\"", 10'001) + "}",
             "rule.hosts/length"},
        Case{"HostNumber", "http_hosts", R"({"hosts":["a.org",7]})", "rule.hosts[1]/text"},
        Case{"HostEmpty", "http_hosts", R"({"hosts":[""]})", "rule.hosts[0]/text"},
        Case{"HostOfSpaces", "http_hosts", R"({"hosts":["  "]})", "rule.hosts[0]/host"},
        Case{"HostIsUrl", "http_hosts", R"({"hosts":["http://a.org"]})", "rule.hosts[0]/host"},
        Case{"HostWithPath", "http_hosts", R"({"hosts":["a.org/x"]})", "rule.hosts[0]/host"},
        Case{"HostWithPort", "http_hosts", R"({"hosts":["a.org:80"]})", "rule.hosts[0]/host"},
        Case{"HostWithStar", "http_hosts", R"({"hosts":["*.a.org"]})", "rule.hosts[0]/host"},
        Case{"HostWithSpace", "http_hosts", R"({"hosts":["a b.org"]})", "rule.hosts[0]/host"},
        Case{"HostWithUser", "http_hosts", R"({"hosts":["u@a.org"]})", "rule.hosts[0]/host"},
        Case{"HostWithoutDot", "http_hosts", R"({"hosts":["localhost"]})", "rule.hosts[0]/host"},
        Case{"HostOfDots", "http_hosts", R"({"hosts":["a..org"]})", "rule.hosts[0]/host"},
        Case{"HostOfOneDot", "http_hosts", R"({"hosts":["."]})", "rule.hosts[0]/host"},
        Case{"HiddenText", "source:flickr", R"({"hidden":"true"})", "rule.hidden/required"},
        Case{"Popularity", "popularity:image:met",
             R"({"metric":"views","percentile":0.85,"value":0,"constant":0.5,"works":3})", ""},
        Case{"PopularityOfNothing", "popularity:video:met", "{}", "key/rule"},
        Case{"PopularityOfAWork", "popularity:image:met:1", "{}", "key/rule"},
        Case{"ConstantZero", "popularity:image:met",
             R"({"metric":"views","percentile":0.85,"value":1,"constant":0,"works":3})",
             "rule.constant/range"},
        Case{"PercentileOne", "popularity:image:met",
             R"({"metric":"views","percentile":1,"value":1,"constant":1,"works":3})",
             "rule.percentile/range"},
        Case{"ValueNegative", "popularity:image:met",
             R"({"metric":"views","percentile":0.5,"value":-1,"constant":1,"works":3})",
             "rule.value/range"},
        Case{"ValueOverflows", "popularity:image:met",
             R"({"metric":"views","percentile":0.5,"value":1e999,"constant":1,"works":3})",
             "/json"},
        Case{"WorksNegative", "popularity:image:met",
             R"({"metric":"views","percentile":0.5,"value":1,"constant":1,"works":-3})",
             "rule.works/required"},
        Case{"Removal", "removal:audio:jamendo",
             R"({"approved_before":"2026-11-21T00:00:00.000001Z","held":null})", ""},
        Case{
            "RemovalHeld", "removal:audio:jamendo",
            R"({"approved_before":null,"held":{"started_at":"2026-11-21T00:00:00Z","known":9,"missing":4}})",
            ""},
        Case{"RemovalOfAll", "removal:audio", R"({"approved_before":null,"held":null})",
             "key/rule"},
        Case{"RemovalEmpty", "removal:audio:jamendo", "{}", "rule.approved_before/required"},
        Case{"RemovalNoTime", "removal:audio:jamendo", R"({"approved_before":"soon","held":null})",
             "rule.approved_before/time"},
        Case{"RemovalBefore1970", "removal:audio:jamendo",
             R"({"approved_before":"1969-12-31T23:59:59Z","held":null})",
             "rule.approved_before/time"},
        Case{"HeldIncomplete", "removal:audio:jamendo",
             R"({"approved_before":null,"held":{"known":9}})", "rule.held/members"},
        Case{"UnknownName", "nonsense", "{}", "key/rule"}, Case{"NoName", "", "{}", "key/rule"}),
    [](const auto& param) { return param.param.name; });

TEST(PolicyValue, RefusesABrokenEnvelope) {
  const std::string rule = R"("rule":{"hidden":true}})";
  const std::string rest = R"("at":"2026-11-21T00:00:00.000Z","by":"a","why":"b",)" + rule;
  for (const std::string& text : {
           std::string{},
           std::string{"null"},
           std::string{"[]"},
           std::string{"{"},
           std::string{R"({"version":1,)"} + rest + "x",
           "{" + rest,
           R"({"version":0,)" + rest,
           R"({"version":-1,)" + rest,
           R"({"version":1.5,)" + rest,
           R"({"version":18446744073709551615,)" + rest,
           R"({"version":"1",)" + rest,
           R"({"version":1,"by":"a","why":"b",)" + rule,
           R"({"version":1,"at":"yesterday","by":"a","why":"b",)" + rule,
           R"({"version":1,"at":"2026-11-21T00:00:00.000Z","why":"b",)" + rule,
           R"({"version":1,"at":"2026-11-21T00:00:00.000Z","by":"a\n","why":"b",)" + rule,
           R"({"version":1,"at":"2026-11-21T00:00:00.000Z","by":"","why":"b",)" + rule,
           R"({"version":1,"at":"2026-11-21T00:00:00.000Z","by":"a",)" + rule,
       }) {
    EXPECT_FALSE(parse_policy_value("source:met", text)) << text;
  }
  EXPECT_TRUE(parse_policy_value("source:met", R"({"version":1,)" + rest));
  // Thousands of brackets end in an error and not on the stack.
  EXPECT_FALSE(parse_policy_value("source:met", std::string(100'000, '[')));
}

TEST(PolicyValue, ListsAreCleanedSortedAndWithoutRepeats) {
  const auto terms = parse_policy_rule("sensitive_terms", R"({"terms":["b"," a\tc ","b"]})");
  ASSERT_FALSE(terms) << "a tab is a control character";
  const auto spaces = parse_policy_rule("sensitive_terms", R"({"terms":["b"," a  c ","b"]})");
  ASSERT_TRUE(spaces);
  EXPECT_EQ(encode_policy_rule(*spaces), R"({"terms":["a c","b"]})");
  const auto tags = parse_policy_rule(
      "hidden_tags",
      R"({"names":["By","by"],"parts":["CC0"],"providers":["R"],"least_accuracy":0})");
  ASSERT_TRUE(tags);
  EXPECT_EQ(encode_policy_rule(*tags),
            R"({"names":["by"],"parts":["cc0"],"providers":["R"],"least_accuracy":0})");
}

TEST(PolicyLog, TheNewestUsableValueIsInForce) {
  PolicyLog log;
  EXPECT_EQ(log.policy().version(), 0);
  const std::string hidden = value_json(5, R"({"hidden":true})");
  EXPECT_FALSE(log.apply(message("source:met", hidden)));
  ASSERT_NE(log.policy().find<SourceRule>("source:met"), nullptr);
  EXPECT_TRUE(log.policy().find<SourceRule>("source:met")->hidden);
  EXPECT_EQ(log.policy().find<RemovalRule>("source:met"), nullptr) << "of another kind";
  EXPECT_FALSE(log.apply(message("source:met", value_json(9, R"({"hidden":false})"))));
  EXPECT_FALSE(log.policy().find<SourceRule>("source:met")->hidden);
  EXPECT_EQ(log.policy().version_of("source:met"), 9);
  EXPECT_EQ(log.policy().version_of("source:other"), 0);
  EXPECT_EQ(next_policy_version(log.policy(), UtcTime::from_millis(3)), 10);
  EXPECT_EQ(next_policy_version(log.policy(), UtcTime::from_millis(30)), 30);
}

TEST(PolicyLog, AnUnusableValueLeavesTheEarlierInForceAndAsksForItAgain) {
  PolicyLog log;
  const std::string good = value_json(5, R"({"terms":["bird"]})");
  log.apply(message("sensitive_terms", good, 1));
  const auto error = log.apply(message("sensitive_terms", value_json(6, R"({"terms":7})"), 2));
  ASSERT_TRUE(error);
  EXPECT_EQ(log.policy().find<SensitiveTermsRule>("sensitive_terms")->terms.size(), 1U);
  EXPECT_EQ(log.policy().version(), 5) << "a version that was never in force";
  ASSERT_EQ(log.faults().size(), 1U);
  const PolicyFault& fault = log.faults().begin()->second;
  EXPECT_EQ(fault.in_force, good);
  EXPECT_EQ(fault.offset, 2);
  EXPECT_EQ(fault.bytes, value_json(6, R"({"terms":7})"));
  EXPECT_EQ(fault.schema, schema_header::kPolicy);
  // Said again as it was, it mends the topic and changes nothing.
  EXPECT_FALSE(log.apply(message("sensitive_terms", good, 3)));
  EXPECT_TRUE(log.faults().empty());
  EXPECT_EQ(log.policy().version(), 5);
}

TEST(PolicyLog, WhatNeverWasInForceIsTakenBack) {
  PolicyLog log;
  EXPECT_TRUE(log.apply(message("nonsense", "{}", 1)));
  const std::string value = value_json(5, R"({"hidden":true})");
  PolicyMessage wrong = message("source:met", value, 2);
  wrong.schema = "policy/2";
  EXPECT_EQ(log.apply(wrong)->errc(), Errc::unknown_schema);
  wrong.schema.reset();
  EXPECT_EQ(log.apply(wrong)->errc(), Errc::unknown_schema);
  ASSERT_EQ(log.faults().size(), 2U);
  for (const std::string& key : {std::string{"nonsense"}, std::string{"source:met"}}) {
    ASSERT_TRUE(log.faults().contains(key));
    EXPECT_FALSE(log.faults().at(key).in_force);
    PolicyMessage back = taken_back(key, kNow, 3);
    const std::string version = std::to_string(log.faults().at(key).version);
    back.version = version;
    EXPECT_FALSE(log.apply(back));
    EXPECT_FALSE(log.faults().contains(key));
  }
  EXPECT_EQ(log.policy().version(), 0) << "nothing was ever in force";
}

TEST(PolicyLog, AVersionFarAheadWouldOutrankAllLaterOnes) {
  PolicyLog log;
  const auto error =
      log.apply(message("source:met", value_json(kNow + 3'600'001, R"({"hidden":true})")));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->rule(), "future");
  EXPECT_FALSE(log.apply(message("source:met", value_json(kNow + 60'000, R"({"hidden":true})"))));
}

// Somebody mends the topic with what he knows while somebody else says something newer.
TEST(PolicyLog, AnEarlierVersionDoesNotReplaceALater) {
  PolicyLog log;
  const std::string newer = value_json(9, R"({"hidden":true})");
  log.apply(message("source:met", newer, 1));
  EXPECT_FALSE(log.apply(message("source:met", value_json(5, R"({"hidden":false})"), 2)));
  EXPECT_TRUE(log.policy().find<SourceRule>("source:met")->hidden);
  ASSERT_EQ(log.faults().size(), 1U);
  EXPECT_FALSE(log.faults().begin()->second.error) << "nothing to put aside";
  EXPECT_EQ(log.faults().begin()->second.in_force, newer);
  PolicyMessage back = taken_back("source:met", kNow, 3);
  back.version = "8";
  log.apply(back);
  EXPECT_NE(log.policy().find<SourceRule>("source:met"), nullptr);
}

// Somebody approves what a run removes while a processor, which has not read that yet, says what
// the next run found.
TEST(PolicyLog, ALaterWordOnRemovalsDoesNotUndoAnEarlier) {
  constexpr std::string_view kKey = "removal:image:met";
  const auto began = [](int day) { return UtcTime::from_millis(day * 86'400'000LL); };
  const auto rule = [&](int approved, int refused, int held) {
    RemovalRule made;
    made.approved_before = approved > 0 ? std::optional{began(approved)} : std::nullopt;
    made.refused_before = refused > 0 ? std::optional{began(refused)} : std::nullopt;
    if (held > 0) {
      made.held = RemovalRule::Held{began(held), 10, 5, false};
    }
    return made;
  };
  PolicyLog log;
  const auto say = [&](std::int64_t version, const RemovalRule& said) {
    EXPECT_FALSE(log.apply(
        message(std::string{kKey}, value_json(version, encode_policy_rule(said)), version)));
    return *log.policy().find<RemovalRule>(kKey);
  };
  say(1, rule(0, 0, 3));
  say(2, rule(3, 0, 0));
  EXPECT_TRUE(log.faults().empty());
  EXPECT_EQ(say(3, rule(0, 0, 4)), rule(3, 0, 4)) << "and the later run is held";
  ASSERT_EQ(log.faults().size(), 1U) << "compaction would leave a message without the approval";
  const PolicyFault fault = log.faults().begin()->second;
  EXPECT_FALSE(fault.error);
  EXPECT_EQ(fault.version, 3);
  ASSERT_TRUE(fault.in_force);
  EXPECT_FALSE(log.apply(message(std::string{kKey}, *fault.in_force, 4)));
  EXPECT_TRUE(log.faults().empty());
  EXPECT_EQ(*log.policy().find<RemovalRule>(kKey), rule(3, 0, 4));
  EXPECT_EQ(log.policy().version_of(kKey), 3);

  EXPECT_EQ(say(5, rule(3, 4, 0)), rule(3, 4, 0));
  EXPECT_EQ(say(6, rule(3, 0, 4)), rule(3, 4, 0)) << "it was refused already";
  EXPECT_EQ(say(7, rule(5, 4, 0)), rule(5, 4, 0));
  EXPECT_TRUE(log.faults().empty());
  log.apply(taken_back(std::string{kKey}, 8));
  EXPECT_EQ(say(9, rule(0, 0, 4)), rule(0, 0, 4)) << "what was taken back is forgotten";
  EXPECT_TRUE(log.faults().empty());
}

TEST(PolicyLog, TakenBackIsAVersionOfItsOwn) {
  PolicyLog log;
  log.apply(message("source:met", value_json(9, R"({"hidden":true})")));
  log.apply(taken_back("source:met", 50));
  EXPECT_EQ(log.policy().find<SourceRule>("source:met"), nullptr);
  EXPECT_EQ(log.policy().version_of("source:met"), 50);
  EXPECT_EQ(log.policy().version(), 50);
  // By hand, on a clock that is behind: the last word holds all the same.
  log.apply(message("source:met", value_json(90, R"({"hidden":true})")));
  log.apply(taken_back("source:met", 60));
  EXPECT_EQ(log.policy().find<SourceRule>("source:met"), nullptr);
  EXPECT_EQ(log.policy().version_of("source:met"), 91);
  // Saying so in the header.
  PolicyMessage back = taken_back("source:met", kNow);
  back.version = "95";
  log.apply(back);
  EXPECT_EQ(log.policy().version_of("source:met"), 95);
  back.version = "rubbish";
  log.apply(back);
  EXPECT_EQ(log.policy().version_of("source:met"), kNow);
}

TEST(SourcesRule, ErrorsNameTheEntryAndSayWhatIsWrong) {
  const auto message = [](std::string_view text) -> std::string {
    const auto rule = parse_policy_rule("sources", text);
    return rule ? "" : std::string{rule.error().message()};
  };
  EXPECT_EQ(message(R"({"sources":[{"name":"capl","media_types":["image"]},)"
                    R"({"name":"CAPL","media_types":["image"]}]})"),
            "policy: rule.sources[1] (CAPL) has, without regard to case, the name of "
            "rule.sources[0] (capl)");
  EXPECT_EQ(message(R"({"sources":[{"name":"a","media_types":["photo"]}]})"),
            "policy: rule.sources[0] (a): media_types is no list of image and audio");
  EXPECT_EQ(message(R"({"sources":[{"name":"a","media_types":["image"],"url":"https://a.org"}]})"),
            "policy: rule.sources[0] (a) has a member url; known are name, display_name, "
            "source_url, media_types, hidden");
}

TEST(HttpHostsRule, KeepsHostsInOneFormAndOnce) {
  const auto rule =
      parse_policy_rule("http_hosts", R"({"hosts":[" B.Org. ","a.org","BÜCHER.example","b.org"]})");
  ASSERT_TRUE(rule) << rule.error().message();
  EXPECT_EQ(encode_policy_rule(*rule), R"({"hosts":["a.org","b.org","bücher.example"]})");
  const auto bad = parse_policy_rule("http_hosts", R"({"hosts":["a.org","http://b.org/x"]})");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message(),
            "policy: rule.hosts[1] (http://b.org/x) is a URL or has a path: only the name of the "
            "host belongs here");
}

TEST(SourcesSaid, OfSeveralSpellingsTheLastOneHolds) {
  PolicyLog log;
  const std::string hidden = value_json(7, R"({"hidden":true})");
  const std::string shown = value_json(9, R"({"hidden":false})");
  const std::string other = value_json(8, R"({"hidden":true})");
  const std::string again = value_json(10, R"({"hidden":true})");
  ASSERT_FALSE(log.apply(message("source:CAPL", hidden)));
  ASSERT_FALSE(log.apply(message("source:capl", shown)));
  ASSERT_FALSE(log.apply(message("source:met", other)));
  const auto said = sources_said(log.policy());
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said.at("capl").name, "capl");
  EXPECT_FALSE(std::get<SourceRule>(said.at("capl").value->rule).hidden);
  ASSERT_FALSE(log.apply(message("source:CAPL", again)));
  EXPECT_EQ(sources_said(log.policy()).at("capl").name, "CAPL");
  EXPECT_TRUE(policy::is_same_key("source:CAPL", "source:Capl"));
  EXPECT_FALSE(policy::is_same_key("source:CAPL", "source:met"));
  EXPECT_FALSE(policy::is_same_key("popularity:image:A", "popularity:image:a"));
}

}  // namespace
}  // namespace freshet
