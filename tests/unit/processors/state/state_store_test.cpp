#include "processors/state/state_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <thread>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "processors/record/url_claim.hpp"
#include "processors/state/positions.hpp"
#include "processors/state/record_codec.hpp"

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
  {
    const auto state = open();
    const auto partition = state->partition(3);
    EXPECT_FALSE(partition->positions());
    partition->write({{"image:met:1", "one"}, {"audio:x:2", "two"}}, RecordForm::json,
                     {{"process:met", R"({"received":7})"}}, {10, 20, 30, 40});
    partition->flush();
    partition->write({{"image:met:9", "lost"}}, RecordForm::json, {},
                     {11, 20, 30, 40});  // closed without a flush
  }
  const auto state = open();
  const auto partition = state->partition(3);
  ASSERT_TRUE(partition->positions());
  const bool has_last = partition->positions()->catalog == 11;
  std::string value;
  ASSERT_TRUE(partition->get("image:met:1", value));
  EXPECT_EQ(value, "one");
  EXPECT_EQ(partition->get("image:met:9", value), has_last);  // with its position, or neither
  EXPECT_EQ(partition->totals().at("process:met").at("received"), 7);
  std::vector<std::string> keys;
  partition->each_from({}, {}, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  keys.resize(2);
  EXPECT_EQ(keys, (std::vector<std::string>{"audio:x:2", "image:met:1"}));
  EXPECT_FALSE(state->partition(4)->positions());
  partition->clear();
  EXPECT_FALSE(partition->positions());
  EXPECT_FALSE(partition->get("image:met:1", value));
  EXPECT_EQ(set_aside(), 0);
}

// All partitions lie in one family: each sees its own keys alone, also where one is emptied.
TEST_F(StateOnDisk, KeepsPartitionsApart) {
  const std::vector<std::int32_t> numbers{0, 1, 254, 255, 256, 511, 65'533};
  const auto keys_of = [](PartitionStore& partition) {
    std::vector<std::string> keys;
    partition.each_from({}, {}, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return true;
    });
    return keys;
  };
  const UrlHash url{'u'};
  const std::string_view url_bytes{url.data(), url.size()};
  const auto state = open();
  const auto write = [&](std::int32_t number) {
    const std::string key = "image:met:" + std::to_string(number);
    state->partition(number)->write({{key, key}}, RecordForm::json,
                                    {{"process:met", R"({"received":1})"}}, {number, 0, 0, 1});
    state->partition(number)->write_notes({{"scan", key}});
    state->claims(number)->write(
        {{std::string{url_bytes}, key}, {std::string{url_bytes} + key, key}}, {number + 1, 0});
  };
  for (const std::int32_t number : numbers) {
    write(number);
  }
  const auto expect_whole = [&](std::int32_t number) {
    const std::string key = "image:met:" + std::to_string(number);
    const auto partition = state->partition(number);
    EXPECT_EQ(keys_of(*partition), std::vector<std::string>{key});
    EXPECT_EQ(partition->totals().size(), 1U);
    EXPECT_EQ(partition->notes().at("scan"), key);
    EXPECT_EQ(partition->positions()->catalog, number);
    const auto claims = state->claims(number);
    EXPECT_EQ(claims->position().next, number + 1);
    std::vector<std::string> found;
    claims->each(url_bytes, [&](std::string_view, std::string_view value) {
      found.emplace_back(value);
      return true;
    });
    EXPECT_EQ(found, (std::vector<std::string>{key, key}));
  };
  for (const std::int32_t emptied : numbers) {
    state->partition(emptied)->clear();
    state->claims(emptied)->clear();
    for (const std::int32_t number : numbers) {
      if (number != emptied) {
        expect_whole(number);
      }
    }
    EXPECT_FALSE(state->partition(emptied)->positions());
    EXPECT_EQ(keys_of(*state->partition(emptied)).size(), 0U);
    EXPECT_EQ(state->claims(emptied)->position(), ClaimsPosition{});
    write(emptied);  // and what is written after that stays
  }
}

TEST_F(StateOnDisk, ReadsPackedRecordsAndJsonAlike) {
  RecordCodec codec;
  const auto state = open();
  const auto partition = state->partition(0);
  partition->write({{"image:met:1", codec.pack("packed before")}}, RecordForm::packed, {}, {});
  partition->write({{"image:met:2", "as it is"}}, RecordForm::json, {}, {});
  std::map<std::string, std::string, std::less<>> all;
  partition->each_from({}, {}, [&](std::string_view key, std::string_view json) {
    return all.emplace(key, json).second;
  });
  EXPECT_EQ(all, (std::map<std::string, std::string, std::less<>>{{"image:met:1", "packed before"},
                                                                  {"image:met:2", "as it is"}}));
  std::string one;
  partition->each_from("image:met:2", "image:", [&](std::string_view, std::string_view json) {
    one = json;
    return false;
  });
  EXPECT_EQ(one, "as it is");
}

TEST_F(StateOnDisk, GivesWhatCannotBeUnpackedAsItIs) {
  const auto state = open();
  const auto partition = state->partition(1);
  const std::string bytes{"\xff\xff\xff\x7f no record", 14};
  partition->write({{"image:met:1", bytes}}, RecordForm::packed, {}, {});
  std::string value;
  ASSERT_TRUE(partition->get("image:met:1", value));
  EXPECT_EQ(value, bytes);
  int visited = 0;
  partition->each_from({}, {}, [&](std::string_view, std::string_view json) {
    EXPECT_EQ(json, bytes);
    ++visited;
    return true;
  });
  EXPECT_EQ(visited, 1);
}

TEST(Positions, AreReadBackOrNone) {
  const ChangelogPositions at{1, 0, std::numeric_limits<std::int64_t>::max(), 4};
  EXPECT_EQ(encode_positions(at), "1 0 9223372036854775807 4");
  EXPECT_EQ(decode_positions(encode_positions(at)), at);
  for (const char* text : {"", "1", "1 2 3", "1 2 3 4 5", "1 2 3 -4", "-1 2 3 4", "1  2 3 4",
                           "1 2 3 9223372036854775808", "1,2,3,4", "x"}) {
    EXPECT_EQ(decode_positions(text), std::nullopt) << text;
  }
  EXPECT_EQ(decode_claims_position("7 9"), (ClaimsPosition{7, 9}));
  EXPECT_EQ(encode_position({7, 9}), "7 9");
  for (const char* text : {"", "7", "7 -9", "7 9 ", "a b"}) {
    EXPECT_EQ(decode_claims_position(text), std::nullopt) << text;
  }
}

TEST_F(StateOnDisk, SavesTheTableWholeOrNotAtAll) {
  for (const std::size_t works : {0UL, 1UL, 43'689UL, 43'690UL, 43'691UL, 100'000UL}) {
    HotTable table;
    for (std::uint64_t i = 0; i < works; ++i) {
      table.set(i * 0x9e3779b97f4a7c15U, {i + 1, UtcTime{static_cast<std::int64_t>(i)}, 5});
    }
    const auto state = open();
    const auto partition = state->partition(2);
    const ChangelogPositions positions{7, 8, 9, 10};
    partition->save_table(table, positions);
    HotTable read;
    ASSERT_EQ(partition->load_table(read), positions) << works;
    ASSERT_EQ(read.size(), table.size());
    table.each(
        [&](std::uint64_t hash, const HotEntry& entry) { ASSERT_EQ(read.find(hash), entry); });
    // Cut short or altered anywhere, or of another partition, it is as if it were not there.
    const fs::path file = root / "a" / "p2.table";
    const auto size = fs::file_size(file);
    fs::copy_file(file, root / "a" / "p3.table", fs::copy_options::overwrite_existing);
    HotTable none;
    EXPECT_FALSE(state->partition(3)->load_table(none));
    std::fstream{file, std::ios::in | std::ios::out | std::ios::binary}
        .seekp(static_cast<std::streamoff>(size / 2))
        .put('\x5a');
    EXPECT_FALSE(partition->load_table(none)) << works;
    EXPECT_EQ(none.size(), 0U);
    partition->save_table(table, positions);
    std::fstream{file, std::ios::in | std::ios::out | std::ios::binary}
        .seekp(54)  // of the number of works: as if there were 2^55 more
        .put('\x80');
    EXPECT_FALSE(partition->load_table(none)) << works;
    EXPECT_EQ(none.size(), 0U);
    partition->save_table(table, positions);
    fs::resize_file(file, size - 1);
    EXPECT_FALSE(partition->load_table(none)) << works;
    EXPECT_EQ(none.size(), 0U);
  }
}

TEST_F(StateOnDisk, ATableIsReadBackOnlyWithAllThatItHas) {
  const auto state = open();
  const auto partition = state->partition(2);
  HotTable table;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    table.set(i * 0x9e3779b97f4a7c15U, {i + 1, UtcTime{1}, 5});
  }
  const ChangelogPositions positions{7, 8, 9, 10};
  partition->save_table(table, positions);
  HotTable smaller;
  smaller.limit(table.bytes() / 2);
  EXPECT_FALSE(partition->load_table(smaller));
  EXPECT_EQ(smaller.size(), 0U);
  EXPECT_TRUE(smaller.is_complete());
  // That some works are not in it is part of what it says.
  table.mark_incomplete();
  partition->save_table(table, positions);
  HotTable read;
  EXPECT_EQ(partition->load_table(read), positions);
  EXPECT_FALSE(read.is_complete());
}

TEST_F(StateOnDisk, ATableThatReachedItsLimitIsReadBack) {
  constexpr std::size_t kLimit = 14'000'000;
  const auto state = open();
  const auto partition = state->partition(2);
  const ChangelogPositions positions{7, 8, 9, 10};
  HotTable table;
  table.limit(kLimit);
  std::mt19937_64 random{4};
  std::size_t refused = 0;
  // Between the first segment that may not grow and the last that is full they differ in size.
  for (std::size_t works = 1; works <= 500'000; ++works) {
    refused += table.set(random(), {works, UtcTime{1}, 0}) ? 0 : 1;
    if (works % 7'000 == 0 && works > 400'000) {
      partition->save_table(table, positions);
      HotTable read;
      read.limit(kLimit);
      ASSERT_EQ(partition->load_table(read), positions) << works;
      ASSERT_EQ(read.size(), table.size());
      ASSERT_EQ(read.is_complete(), refused == 0);
    }
  }
  EXPECT_GT(refused, 10'000U);
}

TEST(StateGarbage, IsCollectedWhereThereIsReasonTo) {
  EXPECT_EQ(share_to_collect({0, 0}), 0);
  EXPECT_EQ(share_to_collect({1'000, 199}), 0);
  EXPECT_EQ(share_to_collect({1'000, 200}), 0.25);
  EXPECT_EQ(share_to_collect({1'000, 349}), 0.25);
  EXPECT_EQ(share_to_collect({1'000, 350}), 0.5);
  EXPECT_EQ(share_to_collect({1'000, 599}), 0.5);
  EXPECT_EQ(share_to_collect({1'000, 600}), 1);
}

// Works that change again and again. Of each round one work stays as it is, so that by itself no
// file of records is ever garbage as a whole.
class Churn {
 public:
  explicit Churn(StateStore& state) : partition_{state.partition(0)} {
    std::mt19937 random{1};  // a text that does not get smaller by being packed
    std::generate_n(std::back_inserter(text_), 1'000,
                    [&] { return static_cast<char>('!' + random() % 90); });
  }

  void run_round() {
    std::vector<std::pair<std::string, std::string>> records;
    for (std::size_t work = 0; work < kWorks; ++work) {
      if (round_ == 0 || xxh3(key_of(work) + std::to_string(round_)) % 4 == 0) {
        records.emplace_back(key_of(work), text_ + std::to_string(round_));
        newest_[work] = round_;
      }
    }
    records.emplace_back(key_of(newest_.size()), text_ + std::to_string(round_));
    newest_.push_back(round_);
    partition_->write({records.begin(), records.end()}, RecordForm::json, {}, {round_, 0, 0, 0});
    partition_->flush();
    ++round_;
  }

  std::size_t live_bytes() const { return newest_.size() * text_.size(); }

  void expect_all() const {
    std::string found;
    for (std::size_t work = 0; work < newest_.size(); ++work) {
      ASSERT_TRUE(partition_->get(key_of(work), found));
      ASSERT_EQ(found, text_ + std::to_string(newest_[work]));
    }
  }

 private:
  static constexpr std::size_t kWorks = 2'000;
  static std::string key_of(std::size_t work) { return "image:a:" + std::to_string(10'000 + work); }

  std::unique_ptr<PartitionStore> partition_;
  std::string text_;
  std::vector<int> newest_ = std::vector<int>(kWorks, 0);
  int round_ = 0;
};

TEST_F(StateOnDisk, GarbageIsCollected) {
  const auto state = open();
  Churn churn{*state};
  RecordFiles files;
  // Merges go on behind, so they get the rounds that they need.
  for (int round = 0; round < 60 || (round < 600 && files.bytes > 4 * churn.live_bytes());
       ++round) {
    churn.run_round();
    files = state->tend();
  }
  EXPECT_LE(files.bytes, 4 * churn.live_bytes()) << files.garbage_bytes << " are garbage";
  EXPECT_GE(files.bytes, churn.live_bytes());
  churn.expect_all();
}

TEST_F(StateOnDisk, GarbageIsCollectedAtRest) {
  const auto state = open();
  Churn churn{*state};
  for (int round = 0; round < 60; ++round) {
    churn.run_round();
  }
  RecordFiles files = state->tend();
  EXPECT_GT(files.bytes, 4 * churn.live_bytes());
  for (int i = 0; i < 600 && files.bytes > 4 * churn.live_bytes(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    files = state->tend();
  }
  EXPECT_LE(files.bytes, 4 * churn.live_bytes()) << files.garbage_bytes << " are garbage";
  churn.expect_all();
}

TEST_F(StateOnDisk, IsHeldByOneProcess) {
  const auto state = open();
  EXPECT_THROW(open(), StartupError);
}

TEST_F(StateOnDisk, OfAnotherVersionIsSetAside) {
  open()->partition(0)->write({{"image:a:1", "x"}}, RecordForm::json, {}, {1, 1, 1, 1});
  std::ofstream{root / "a" / "VERSION"} << "freshet state 0\n";
  EXPECT_FALSE(open()->partition(0)->positions());
  EXPECT_EQ(set_aside(), 1);
}

TEST_F(StateOnDisk, DamagedIsSetAside) {
  {
    const auto state = open();
    const auto partition = state->partition(0);
    partition->write({{"image:a:1", "x"}}, RecordForm::json, {}, {1, 1, 1, 1});
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
