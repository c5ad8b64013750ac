#include "operate/removals.hpp"

#include <gtest/gtest.h>

#include "core/policy_log.hpp"
#include "operate/sums.hpp"

namespace freshet {
namespace {

UtcTime ms(std::int64_t time) { return UtcTime::from_millis(time); }

Policy policy_with(const std::vector<std::pair<std::string, PolicyRule>>& rules) {
  PolicyLog log;
  std::int64_t version = 0;
  for (const auto& [key, rule] : rules) {
    const std::string value = encode_policy_value({++version, ms(1), "a", "b", rule});
    EXPECT_FALSE(log.apply({key, value, "policy/1", std::nullopt, ms(9), version}));
  }
  return log.policy();
}

TEST(HeldRemovals, AreThoseThatNobodyHasSpokenOf) {
  const Policy policy = policy_with(
      {{"removal:image:met", RemovalRule{ms(5), {}, {}}},
       {"removal:image:rijks", RemovalRule{{}, {}, RemovalRule::Held{ms(7), 10, 4}}},
       {"removal:audio:jamendo", RemovalRule{ms(5), ms(6), RemovalRule::Held{ms(8), 20, 1, true}}},
       {"source:met", SourceRule{true}}});
  const auto held = held_removals(policy);
  ASSERT_EQ(held.size(), 2);
  EXPECT_EQ(held[0].media_type, "audio");
  EXPECT_EQ(held[0].provider, "jamendo");
  EXPECT_EQ(held[1].provider, "rijks");
  EXPECT_EQ(held[1].held, (RemovalRule::Held{ms(7), 10, 4}));
  EXPECT_TRUE(held_removals(Policy{}).empty());

  Sums sums;
  sums.removals_held = held;
  EXPECT_NE(format_sums_table(sums).find("image:rijks"), std::string::npos);
  EXPECT_NE(
      format_sums_json(sums).find(
          R"({"media_type":"image","provider":"rijks","started_at":"1970-01-01T00:00:00.007Z","known":10,"missing":4,"refused_sightings":false})"),
      std::string::npos);
  EXPECT_EQ(format_sums_table(Sums{}).find("REMOVAL HELD"), std::string::npos);
}

TEST(HeldRemovals, AreSettledByOneWord) {
  const RemovalRule rule{ms(5), ms(6), RemovalRule::Held{ms(8), 20, 9}};
  EXPECT_EQ(settle(rule, RemovalWord::approve), (RemovalRule{ms(8), ms(6), {}}));
  EXPECT_EQ(settle(rule, RemovalWord::refuse), (RemovalRule{ms(5), ms(8), {}}));
  const RemovalRule first{{}, {}, RemovalRule::Held{ms(8), 20, 9}};
  EXPECT_EQ(settle(first, RemovalWord::approve), (RemovalRule{ms(8), {}, {}}));
}

}  // namespace
}  // namespace freshet
