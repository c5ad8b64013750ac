// `freshet process catalogue` as a process of its own on a real broker: what it finds at its start,
// and what it leaves behind when it ends.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "process_fixture.hpp"

namespace freshet {
namespace {

TEST_F(ProcessCatalogue, RestoresToTheTrueEndBehindAForeignOpenTransaction) {
  auto first = start();
  sight("one", base);
  ASSERT_TRUE(wait_for_records(1));

  // Somebody's transaction stays open on the same partition: the last stable offset stands still.
  kafka::ProducerOptions options;
  options.transactional_id = broker.config().prefixed("foreign");
  options.transaction_timeout = 8s;
  kafka::Producer foreign{broker.config(), options};
  ASSERT_TRUE(foreign.init_transactions(20s));
  ASSERT_EQ(foreign.begin_transaction().outcome, kafka::Producer::Outcome::done);
  const auto known = catalogue();
  ASSERT_EQ(known.size(), 1U);
  const std::string name = topic(topics::kCatalog);
  kafka::OutRecord out;
  out.topic = name;
  out.partition = kafka::Partition{known[0].partition};
  out.key = "image:met:never";
  out.value = *known[0].value;
  ASSERT_TRUE(foreign.produce(out));
  ASSERT_TRUE(foreign.flush(10s));

  sight("two", base + 1s);
  ASSERT_TRUE(wait_for_records(3));
  first.kill();
  fs::remove_all(folder / "state");
  ASSERT_EQ(catalogue().size(), 1U) << "the second record must lie behind the open transaction";

  // Seen again as it was last: with a state that ends before it, this would be a change.
  sight("two", base + 2s);
  drain();
  EXPECT_EQ(catalogue().size(), 2U);
  EXPECT_EQ(totals().at("created"), 1);
  EXPECT_EQ(totals().at("merged"), 1);
  EXPECT_EQ(totals().at("unchanged"), 1);
}

TEST_F(ProcessCatalogue, DoesNotGoOnFromRecordsOfALaterVersion) {
  sight("One", SystemClock{}.now());
  drain();
  const auto before = catalogue(kafka::Isolation::read_uncommitted).size();
  send(topics::kCatalog, "image:met:9", R"({"key":"image:met:9"})", "catalog/2");
  fs::remove_all(folder / "state");
  sight("Two", SystemClock{}.now());
  Child child = start();
  EXPECT_EQ(child.wait(60s), 1);
  EXPECT_EQ(catalogue(kafka::Isolation::read_uncommitted).size(), before + 1);
}

TEST_F(ProcessCatalogue, StateOfTopicsThatAreNoMoreIsSetAside) {
  sight("one", base);
  drain();
  ASSERT_EQ(catalogue().size(), 1U);
  std::vector<std::string> names;
  for (const TopicSpec& spec : specs()) {
    names.push_back(spec.name);
  }
  ASSERT_TRUE(broker.admin().delete_topics(names));
  for (const auto until = steady_clock::now() + 20s; steady_clock::now() < until;) {
    if (const auto left = broker.admin().describe_topics(names); left && left->empty()) {
      break;
    }
    std::this_thread::sleep_for(200ms);
  }
  create_topics();
  // By the old state both are known; and the new topics soon are as long as the old ones were.
  sight("one", base);
  sight("one", base, "2");
  sight("one", base, "3");
  drain();
  EXPECT_EQ(totals().at("created"), 3);
  EXPECT_EQ(catalogue().size(), 3U);
}

TEST_F(ProcessCatalogue, OneOfTheSameNameTakesOverAndTheFirstEndsWithOne) {
  auto first = start();
  sight("one", base);
  ASSERT_TRUE(wait_for_records(1));
  auto second = start("elsewhere");
  // The zombie finds out with its next commit at the latest.
  for (int i = 2; i < 12; ++i) {
    sight("x", base, std::to_string(i));
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_EQ(first.wait(30s), 1);
  ASSERT_TRUE(wait_for_records(11));
  second.terminate();
  EXPECT_EQ(second.wait(30s), 0);
  EXPECT_EQ(catalogue().size(), 11U);
  EXPECT_EQ(totals().at("created"), 11);
}

TEST_F(ProcessCatalogue, ASecondOneCannotHaveTheSameState) {
  auto first = start();
  sight("one", base);
  ASSERT_TRUE(wait_for_records(1));
  auto second = start();
  EXPECT_EQ(second.wait(20s), 2);
  first.terminate();
  EXPECT_EQ(first.wait(30s), 0);
}

TEST_F(ProcessCatalogue, ReadingEverythingAgainWithAnEmptyDiskChangesNothing) {
  Child generator{{"simulate", "generate", "--works", "3000", "--recrawl", "1", "--seed", "5"},
                  environment()};
  ASSERT_EQ(generator.wait(60s), 0);
  drain();
  const auto before = catalogue();
  const Totals sums = totals();
  ASSERT_GT(before.size(), 3000U);
  for (const bool wiped : {false, true}) {
    if (wiped) {
      fs::remove_all(folder / "state");
    }
    // A static member is gone when its session is over.
    const std::string group = topic("process.catalogue");
    std::vector<kafka::TopicPartitionOffset> start_offsets;
    for (int i = 0; i < kPartitions; ++i) {
      start_offsets.push_back({{topic(topics::kRaw), kafka::Partition{i}}, kafka::Offset{0}});
    }
    bool set = false;
    for (const auto until = steady_clock::now() + 30s; !set && steady_clock::now() < until;) {
      set = broker.admin().set_group_offsets(group, start_offsets).has_value();
      std::this_thread::sleep_for(set ? 0ms : 500ms);
    }
    ASSERT_TRUE(set);
    drain();
    const auto after = catalogue();
    ASSERT_EQ(after.size(), before.size()) << (wiped ? "wiped" : "kept");
  }
  EXPECT_EQ(totals().at("created"), sums.at("created"));
  EXPECT_EQ(totals().at("received"), 3 * sums.at("received"));
  EXPECT_EQ(totals().at("works.live"), sums.at("works.live"));
  expect_claims_accounted();
}

}  // namespace
}  // namespace freshet
