#include "operate/stores.hpp"

#include <gmock/gmock.h>

#include "core/roles.hpp"

namespace freshet {
namespace {

TEST(Stores, AreCountedForEachSinkOfTheCatalogue) {
  const Config config;
  Metrics metrics;
  const Context context{config, metrics, {}};
  std::vector<std::string_view> counted;
  for (const StoreCounter& store : store_counters(context)) {
    counted.push_back(store.role);
  }
  std::vector<std::string_view> wanted;
  for (const Role& role : kRoles) {
    if (role.step() == "sink" && role.topics.front() == topics::kCatalog) {
      wanted.push_back(role.name);
    }
  }
  EXPECT_EQ(counted, wanted);
}

}  // namespace
}  // namespace freshet
