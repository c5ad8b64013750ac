#include "operate/topics.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

const std::vector<TopicSpec> kWanted{{"a", 8, 3, {{"cleanup.policy", "compact"}}}, {"b", 1, 3, {}}};

std::vector<kafka::TopicState> as_wanted() {
  return {{"a", 8, 3, {{"cleanup.policy", "compact"}, {"retention.ms", "604800000"}}},
          {"b", 1, 3, {}}};
}

std::vector<std::string> sentences(const std::vector<kafka::TopicState>& found) {
  std::vector<std::string> all;
  for (const TopicDifference& one : compare_topics(kWanted, found)) {
    all.push_back(one.topic + " " + one.what + " " + one.wanted + " " + one.found);
  }
  return all;
}

TEST(CompareTopics, WhatTheBrokerAddsIsNoDifference) {
  EXPECT_TRUE(sentences(as_wanted()).empty());
}

TEST(CompareTopics, NamesWhatDiffers) {
  auto found = as_wanted();
  found[0].partitions = 4;
  found[0].replication_factor = 1;
  found[0].configs["cleanup.policy"] = "delete";
  found.pop_back();
  EXPECT_EQ(sentences(found), (std::vector<std::string>{
                                  "a partitions 8 4", "a replication factor 3 1",
                                  "a cleanup.policy compact delete", "b topic exists missing"}));
}

TEST(CompareTopics, ASettingTheBrokerDoesNotKnowIsADifference) {
  auto found = as_wanted();
  found[0].configs.clear();
  EXPECT_EQ(sentences(found), (std::vector<std::string>{"a cleanup.policy compact (unknown)"}));
}

}  // namespace
}  // namespace freshet
