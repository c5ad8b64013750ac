#include "processors/state_store.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "core/check.hpp"

namespace freshet {
namespace {

namespace fs = std::filesystem;

class StateOnDisk : public testing::Test {
 protected:
  StateOnDisk() {
    std::string name = (fs::temp_directory_path() / "freshet-state-XXXXXX").string();
    root = ::mkdtemp(name.data());
  }
  ~StateOnDisk() override { fs::remove_all(root); }
  std::unique_ptr<StateStore> open() {
    return std::make_unique<StateStore>(root / "a", UtcTime{1});
  }
  int set_aside() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator{root}) {
      count += entry.path().string().find(".aside-") != std::string::npos ? 1 : 0;
    }
    return count;
  }
  fs::path root;
};

TEST_F(StateOnDisk, KeepsRecordsSumsAndPositionsTogether) {
  Totals sums;
  sums.add("received", 7);
  {
    const auto state = open();
    const auto partition = state->partition(3);
    EXPECT_FALSE(partition->positions());
    partition->write({{"image:met:1", "one"}, {"audio:x:2", "two"}}, {{"met", sums}}, {10, 20, 30});
    partition->flush();
    partition->write({{"image:met:9", "lost"}}, {}, {11, 20, 30});  // closed without a flush
  }
  const auto state = open();
  const auto partition = state->partition(3);
  ASSERT_TRUE(partition->positions());
  const bool has_last = partition->positions()->catalog == 11;
  std::string value;
  ASSERT_TRUE(partition->get("image:met:1", value));
  EXPECT_EQ(value, "one");
  EXPECT_EQ(partition->get("image:met:9", value), has_last);  // with its position, or neither
  EXPECT_EQ(partition->totals().at("met").at("received"), 7);
  std::vector<std::string> keys;
  partition->each([&](std::string_view key, std::string_view) { keys.emplace_back(key); });
  keys.resize(2);
  EXPECT_EQ(keys, (std::vector<std::string>{"audio:x:2", "image:met:1"}));
  EXPECT_FALSE(state->partition(4)->positions());
  partition->clear();
  EXPECT_FALSE(partition->positions());
  EXPECT_FALSE(partition->get("image:met:1", value));
  EXPECT_EQ(set_aside(), 0);
}

TEST_F(StateOnDisk, IsHeldByOneProcess) {
  const auto state = open();
  EXPECT_THROW(open(), StartupError);
}

TEST_F(StateOnDisk, OfAnotherVersionIsSetAside) {
  open()->partition(0)->write({{"image:a:1", "x"}}, {}, {1, 1, 1});
  std::ofstream{root / "a" / "VERSION"} << "freshet state 0\n";
  EXPECT_FALSE(open()->partition(0)->positions());
  EXPECT_EQ(set_aside(), 1);
}

TEST_F(StateOnDisk, DamagedIsSetAside) {
  {
    const auto state = open();
    const auto partition = state->partition(0);
    partition->write({{"image:a:1", "x"}}, {}, {1, 1, 1});
    partition->flush();
  }
  for (const auto& entry : fs::directory_iterator{root / "a" / "db"}) {
    if (entry.path().filename().string().starts_with("MANIFEST")) {
      std::ofstream{entry.path(), std::ios::trunc} << "not a manifest";
    }
  }
  const auto state = open();
  EXPECT_FALSE(state->partition(0)->positions());
  EXPECT_EQ(set_aside(), 1);
}

}  // namespace
}  // namespace freshet
