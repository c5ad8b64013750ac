#include "operate/stores.hpp"

#include <gmock/gmock.h>

#include "core/roles.hpp"
#include "operate/ops_watch.hpp"

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

TEST(OpsWatch, WhatTakesLongIsMeasuredSeldom) {
  using namespace std::chrono_literals;
  EXPECT_EQ(pause_after(30s, 10ms), 30s);
  EXPECT_EQ(pause_after(30s, 1s), 30s);
  EXPECT_EQ(pause_after(30s, 5s), 100s);
  EXPECT_EQ(pause_after(2s, 120ms), 2s) << "lag is looked at while it changes";
}

}  // namespace
}  // namespace freshet
