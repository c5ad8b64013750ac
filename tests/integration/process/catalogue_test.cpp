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
  // One loop: a second that joined late would take partitions over, and restore behind the same
  // transaction, before the second sighting is taken.
  auto first = start("state", 1);
  sight("one", base);
  ASSERT_TRUE(wait_for_records(1));

  // Somebody's transaction stays open on the same partition: the last stable offset stands still.
  // It is open for as long as this test wants, however slow the machine is.
  kafka::ProducerOptions options;
  options.transactional_id = broker.config().prefixed("foreign");
  options.transaction_timeout = 120s;
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
  Child second = start_draining();
  EXPECT_EQ(second.wait(3s), -1) << "the restore has to wait for the end of the transaction";
  EXPECT_EQ(totals().at("unchanged"), 0);
  ASSERT_EQ(foreign.abort_transaction(20s).outcome, kafka::Producer::Outcome::done);
  ASSERT_EQ(second.wait(60s), 0);
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

// As after a topic lost its end, or was restored from elsewhere: nothing may be waited for that is
// no more, and what the topics hold now was never taken.
TEST_F(ProcessCatalogue, AGroupThatIsPastTheEndsOfItsInputsReadsThemAnew) {
  sight("one", base);
  drain();
  for (const bool wiped : {false, true}) {
    const std::string group = topic("process.catalogue");
    std::vector<kafka::TopicPartitionOffset> beyond;
    for (const std::string_view name :
         {topics::kRaw, topics::kDecisions, topics::kUrlClaims, topics::kUrlVerdicts}) {
      for (int i = 0; i < kPartitions; ++i) {
        beyond.push_back({{topic(name), kafka::Partition{i}}, kafka::Offset{1'000'000}});
      }
    }
    bool set = false;  // a static member is gone when its session is over
    for (const auto until = steady_clock::now() + 30s; !set && steady_clock::now() < until;) {
      set = broker.admin().set_group_offsets(group, beyond).has_value();
      std::this_thread::sleep_for(set ? 0ms : 500ms);
    }
    ASSERT_TRUE(set);
    if (wiped) {
      fs::remove_all(folder / "state");
    }
    sight(wiped ? "three" : "two", base + (wiped ? 2s : 1s));
    drain();
  }
  EXPECT_EQ(totals().at("created"), 1);
  EXPECT_EQ(totals().at("merged"), 2);
  EXPECT_EQ(totals().at("works.live"), 1);
}

TEST_F(ProcessCatalogue, ADamagedRecordIsPutAsideAndTheWorkGoesOn) {
  sight("one", base);
  drain();
  const auto known = catalogue();
  ASSERT_EQ(known.size(), 1U);
  std::string bad = *known[0].value;
  const auto at = bad.find(R"("url":")");
  ASSERT_NE(at, std::string::npos);
  bad.replace(at, 5, R"("urn")");  // whole by its head, and no work
  send(topics::kCatalog, "image:met:1", bad, schema_header::kCatalog,
       kafka::Partition{known[0].partition});
  fs::remove_all(folder / "state");
  sight("two", base + 1s);
  drain();
  const auto letters = test::read_all(broker.config(), topic(topics::kDeadLetter), kPartitions);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(*letters[0].key, "image:met:1");
  EXPECT_EQ(*letters[0].value, bad);
  const auto after = catalogue();
  ASSERT_EQ(after.size(), 3U);
  EXPECT_NE(after[2].value->find(R"("title":"two")"), std::string::npos);
  EXPECT_EQ(totals().at("catalogue.put_aside"), 1);
  EXPECT_EQ(totals().at("received"), 2);
  EXPECT_EQ(totals().at("merged"), 1);
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
