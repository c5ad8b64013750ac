#include "operate/policy.hpp"

#include <gtest/gtest.h>

#include "core/policy_log.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

std::string read(std::string_view key, std::string_view text) {
  const auto rule = parse_policy_file(key, text);
  return rule ? encode_policy_rule(*rule) : "error: " + rule.error().field();
}

TEST(PolicyFile, TermsAreOneALineOrJson) {
  EXPECT_EQ(read("sensitive_terms", "bird\n  two   words \r\n\n# of November\n#tag\nbird"),
            R"({"terms":["#tag","bird","two words"]})");
  EXPECT_EQ(read("sensitive_terms", ""), R"({"terms":[]})");
  EXPECT_EQ(read("sensitive_terms", " \n{\"terms\":[\"bird\"]}\n"), R"({"terms":["bird"]})");
  EXPECT_EQ(read("sensitive_terms", R"(say "bird")"), R"({"terms":["say 'bird'"]})")
      << "as texts of works are kept";
  EXPECT_EQ(read("sensitive_terms", "a\tb"), "error: rule.terms");
  EXPECT_EQ(read("sensitive_terms", "\xff"), "error: ");
}

TEST(PolicyFile, AMarkIsNoPartOfARule) {
  EXPECT_EQ(read("sensitive_terms",
                 "\xEF\xBB\xBF"
                 "bird\r\ntree\r\n"),
            R"({"terms":["bird","tree"]})");
  EXPECT_EQ(read("sensitive_terms", "\xEF\xBB\xBF{\"terms\":[\"bird\"]}"), R"({"terms":["bird"]})");
  EXPECT_EQ(read("source:met", "\xEF\xBB\xBF{\"hidden\":true}"), R"({"hidden":true})");
}

TEST(PolicyFile, OthersAreJson) {
  EXPECT_EQ(read("source:met", R"({"hidden":true})"), R"({"hidden":true})");
  EXPECT_EQ(read("hidden_tags", "bird"), "error: ");
  EXPECT_EQ(read("nonsense", "{}"), "error: key");
}

TEST(PolicyFile, HostsAreOneALineOrJson) {
  EXPECT_EQ(read("http_hosts",
                 "\xEF\xBB\xBF"
                 "old.example.org\r\n# since May\n\nA.org \na.org"),
            R"({"hosts":["a.org","old.example.org"]})");
  EXPECT_EQ(read("http_hosts", R"({"hosts":["a.org"]})"), R"({"hosts":["a.org"]})");
  EXPECT_EQ(read("http_hosts", R"(["a.org"])"), R"({"hosts":["a.org"]})");
  EXPECT_EQ(read("http_hosts", ""), R"({"hosts":[]})");
  EXPECT_EQ(read("http_hosts", "a.org\nhttp://b.org/"), "error: rule.hosts[1]");
}

TEST(PolicyFile, SourcesAreAListOrTheRule) {
  const std::string list = R"([{"name":"city_museum","media_types":["image"]}])";
  EXPECT_EQ(read("sources", list), R"({"sources":)" + list + "}");
  EXPECT_EQ(read("sources", R"({"sources":)" + list + "}"), R"({"sources":)" + list + "}");
  EXPECT_EQ(read("sources", "city_museum"), "error: ");
  EXPECT_EQ(read("sources", "[1]"), "error: rule.sources[0]");
  EXPECT_EQ(read("sources", "[{]"), "error: ");
}

TEST(ShippedRule, CanBeSetAsItIsShown) {
  for (const std::string key : {"sensitive_terms", "hidden_tags", "sources", "http_hosts"}) {
    const std::string shipped = shipped_rule(key);
    EXPECT_EQ(read(key, shipped), shipped) << key;
  }
  EXPECT_NE(shipped_rule("sources").find(R"("name":"capl")"), std::string::npos);
  EXPECT_EQ(shipped_rule("source:met"), "");
}

class Said : public testing::Test {
 protected:
  void say(std::string_view key, std::string_view rule) {
    const std::string value = R"({"version":)" + std::to_string(++version) +
                              R"(,"at":"2026-11-21T00:00:00.000Z","by":"a","why":"b","rule":)" +
                              std::string{rule} + "}";
    ASSERT_FALSE(log.apply({.key = key,
                            .value = value,
                            .schema = schema_header::kPolicy,
                            .version = std::nullopt,
                            .appended = UtcTime{1'795'220'451'256'000}}));
  }
  NamedSource find(std::string_view name) { return find_source(log.policy(), name); }

  PolicyLog log;
  int version = 0;
};

TEST_F(Said, ASourceIsFoundInAnyCase) {
  EXPECT_EQ(find("CAPL").name, "capl") << "as it is shipped";
  EXPECT_TRUE(find("CAPL").is_registered);
  EXPECT_EQ(find("NoWhere").name, "NoWhere");
  EXPECT_FALSE(find("NoWhere").is_registered);
  say("sources", R"({"sources":[{"name":"Nowhere","media_types":["image"]},)"
                 R"({"name":"WoRMS","media_types":["image"]}]})");
  EXPECT_EQ(find("NOWHERE").name, "Nowhere");
  EXPECT_TRUE(find("NOWHERE").is_registered);
  EXPECT_EQ(find("worms").name, "WoRMS") << "laid over what is shipped";
  say("source:CaPl", R"({"hidden":true})");
  EXPECT_EQ(find("capl").name, "CaPl") << "one rule for a source, under the key that it has";
  EXPECT_TRUE(find("capl").is_registered);
}

TEST_F(Said, KeysOfARuleAreThoseInForce) {
  say("source:CAPL", R"({"hidden":true})");
  say("source:met", R"({"hidden":true})");
  say("source:capl", R"({"hidden":false})");
  using Keys = std::vector<std::string>;
  EXPECT_EQ(keys_of(log.policy(), "source:Capl"), (Keys{"source:capl", "source:CAPL"}));
  EXPECT_EQ(keys_of(log.policy(), "source:met"), (Keys{"source:met"}));
  EXPECT_EQ(keys_of(log.policy(), "sources"), Keys{});
}

}  // namespace
}  // namespace freshet
