#include "core/roles.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace freshet {
namespace {

TEST(Roles, AreNamedOnceAndByTheirCommands) {
  std::set<std::string_view> names;
  for (const Role& role : kRoles) {
    EXPECT_TRUE(names.insert(role.name).second) << role.name << " stands twice";
    EXPECT_TRUE(std::ranges::all_of(role.name, [](char c) {
      return (c >= 'a' && c <= 'z') || c == '_' || c == '.';
    })) << role.name;
    EXPECT_EQ(find_role(role.name), &role);
  }
  EXPECT_EQ(role("sink.postgres").command(), "sink postgres");
  EXPECT_EQ(role("api").command(), "api");
  EXPECT_EQ(find_role("sink.carrier_pigeon"), nullptr);
}

TEST(Roles, ReadTopicsThatThereAre) {
  std::set<std::string> topics;
  for (const TopicSpec& topic : topic_specs({})) {
    topics.insert(topic.name);
  }
  for (const Role& role : kRoles) {
    for (const std::string_view topic : role.topics) {
      EXPECT_THAT(topics, testing::Contains(topic)) << role.name;
    }
  }
}

TEST(Roles, KeepSumsOfAKindAlone) {
  std::set<std::string_view> kinds;
  for (const Role& role : kRoles) {
    for (const std::string_view kind : role.sums) {
      EXPECT_TRUE(kinds.insert(kind).second) << kind << " is kept by two";
    }
  }
  struct Case {
    std::string_view kind;
    std::string_view keeper;  ///< empty: nobody
  };
  for (const Case& one :
       {Case{"produce", "produce"}, Case{"extract", "process.extract"},
        Case{"process", "process.catalogue"}, Case{"urls", "process.catalogue"},
        Case{"run.image", "process.catalogue"}, Case{"popularity.audio.2", "process.catalogue"},
        Case{"processes", ""}, Case{"run", ""}, Case{"", ""}}) {
    const Role* found = find_role_of_sums(one.kind);
    EXPECT_EQ(found == nullptr ? "" : found->name, one.keeper) << one.kind;
  }
}

}  // namespace
}  // namespace freshet
