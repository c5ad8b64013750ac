#include "sinks/registry.hpp"

#include <gmock/gmock.h>

#include <set>

namespace freshet {
namespace {

TEST(SinkRegistry, HasEachSinkAsItsRoleSays) {
  std::set<std::string_view> names;
  for (const SinkSpec& spec : sinks()) {
    const std::string_view name = spec.role.name;
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice";
    EXPECT_EQ(spec.role.step(), "sink") << name;
    EXPECT_EQ(spec.role.topics.size(), 1U) << name << " must read one topic";
    EXPECT_FALSE(spec.meaning.empty()) << name;
    EXPECT_TRUE(spec.make) << name;
    EXPECT_GE(spec.writers, 1U) << name;
    if (spec.role.offsets == OffsetsIn::postgres) {
      EXPECT_EQ(spec.writers, 1U) << name << ": offsets in a store move in order";
    }
  }
}

TEST(SinkRegistry, LeavesOutNoRole) {
  for (const Role& role : kRoles) {
    if (role.step() == "sink") {
      EXPECT_THAT(sinks(), testing::Contains(testing::Field(
                               &SinkSpec::role, testing::Field(&Role::name, role.name))))
          << role.name;
    }
  }
}

}  // namespace
}  // namespace freshet
