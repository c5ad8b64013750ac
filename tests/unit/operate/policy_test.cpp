#include "operate/policy.hpp"

#include <gtest/gtest.h>

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

TEST(PolicyFile, OthersAreJson) {
  EXPECT_EQ(read("source:met", R"({"hidden":true})"), R"({"hidden":true})");
  EXPECT_EQ(read("hidden_tags", "bird"), "error: ");
  EXPECT_EQ(read("nonsense", "{}"), "error: key");
}

}  // namespace
}  // namespace freshet
