#include "processors/registry.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "core/roles.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

TEST(StageRegistry, NamesAreSnakeCaseAndStandOnce) {
  std::set<std::string_view> names;
  for (const StageSpec& spec : stage_specs()) {
    EXPECT_FALSE(spec.name.empty());
    EXPECT_EQ(spec.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string_view::npos)
        << spec.name;
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
  }
}

TEST(StageRegistry, EveryInputGoesToOneStage) {
  std::map<Input, int> stages;
  for (const StageSpec& spec : stage_specs()) {
    for (const Input input : spec.inputs) {
      ++stages[input];
    }
  }
  for (const Input input : kInputs) {
    EXPECT_EQ(stages[input], 1) << topic_of(input);
  }
}

TEST(StageRegistry, InputsAreTheTopicsOfTheRole) {
  std::set<std::string_view> inputs;
  for (const Input input : kInputs) {
    inputs.insert(topic_of(input));
  }
  const Names& topics = role(kCatalogueRole).topics;
  EXPECT_EQ(inputs, std::set<std::string_view>(topics.begin(), topics.end()));
}

TEST(StageRegistry, SumsOfTheRoleAreOfAStage) {
  for (const std::string_view kind : role(kCatalogueRole).sums) {
    const std::string name = std::string{kind} + (kind.ends_with('.') ? "image.0" : "");
    EXPECT_NE(owner_of_sums(name).stage, nullptr) << name;
  }
}

// What is kept in two places could say two things.
TEST(StageRegistry, EveryChangelogIsOfOneStage) {
  std::set<std::string_view> topics{topics::kTotals};  // of the partition itself
  for (const StageSpec& spec : stage_specs()) {
    for (const Changelog& changelog : spec.changelogs) {
      EXPECT_TRUE(topics.insert(changelog.topic).second) << changelog.topic;
    }
  }
}

TEST(StageRegistry, WhatIsRestoredAsFarAsItWasTakenIsAnInputOfTheStage) {
  for (const StageSpec& spec : stage_specs()) {
    for (const Changelog& changelog : spec.changelogs) {
      bool is_input = false;
      for (const Input input : spec.inputs) {
        is_input = is_input || topic_of(input) == changelog.topic;
      }
      EXPECT_EQ(changelog.until == Changelog::Until::taken, is_input) << changelog.topic;
    }
  }
}

TEST(StageRegistry, SumsHaveOneOwner) {
  const std::map<std::string, std::string> owners{
      {"process", "dedupe"},    {"popularity.image.0", "dedupe"}, {"run.audio", "dedupe"},
      {"urls", "urls"},         {"produce", "another step"},      {"proces", "nobody"},
      {"popularity", "nobody"}, {"sink.postgres", "nobody"},      {"", "nobody"}};
  for (const auto& [kind, expected] : owners) {
    int claims = 0;
    for (const StageSpec& spec : stage_specs()) {
      claims += spec.claims_sums(kind) ? 1 : 0;
    }
    const SumsOwner owner = owner_of_sums(kind);
    EXPECT_EQ(owner.is_nobody(), expected == "nobody") << kind;
    EXPECT_EQ(owner.is_other_step, expected == "another step") << kind;
    EXPECT_EQ(claims, owner.stage != nullptr ? 1 : 0) << kind;
    if (owner.stage != nullptr) {
      EXPECT_EQ(owner.stage->name, expected) << kind;
    }
  }
}

}  // namespace
}  // namespace freshet
