// `freshet process catalogue` as a process of its own on a real broker: what it finds at its start,
// and what it leaves behind when it ends.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/json.hpp"
#include "core/kafka/producer.hpp"
#include "core/topics.hpp"
#include "core/totals.hpp"
#include "tests/support/kafka_reading.hpp"
#include "tests/support/real_broker.hpp"

extern char** environ;

namespace freshet {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int kPartitions = 2;

/// A child process; killed at the end of its scope.
class Child {
 public:
  Child(const std::vector<std::string>& arguments,
        const std::map<std::string, std::string>& extra) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
      if (!std::string_view{*variable}.starts_with("FRESHET_")) {
        variables.emplace_back(*variable);
      }
    }
    for (const auto& [name, value] : extra) {
      variables.push_back(name + "=" + value);
    }
    std::vector<std::string> words{FRESHET_BINARY};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto argv = pointers(words);
    auto envp = pointers(variables);
    if (::posix_spawn(&pid_, FRESHET_BINARY, nullptr, nullptr, argv.data(), envp.data()) != 0) {
      throw std::runtime_error{"cannot start " FRESHET_BINARY};
    }
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait(10s);
    }
  }
  void terminate() const { ::kill(pid_, SIGTERM); }
  /// Exit code; -1 when it does not end in time, -2 when a signal ended it.
  int wait(std::chrono::seconds timeout) {
    const auto until = steady_clock::now() + timeout;
    int status = 0;
    while (steady_clock::now() < until) {
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
      }
      std::this_thread::sleep_for(20ms);
    }
    return -1;
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> list;
    for (std::string& word : words) {
      list.push_back(word.data());
    }
    list.push_back(nullptr);
    return list;
  }
  pid_t pid_ = -1;
};

class ProcessCatalogue : public testing::Test {
 protected:
  ProcessCatalogue() {
    std::string name = (fs::temp_directory_path() / "freshet-process-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    create_topics();
  }
  ~ProcessCatalogue() override {
    std::vector<std::string> names;
    for (const TopicSpec& spec : specs()) {
      names.push_back(spec.name);
    }
    static_cast<void>(broker.admin().delete_topics(names));
    fs::remove_all(folder);
  }

  std::vector<TopicSpec> specs() const {
    Config::Kafka config = broker.config();
    config.partitions = kPartitions;
    return topic_specs(config);
  }
  void create_topics() {
    const auto created = broker.admin().create_topics(specs());
    if (!created) {
      throw std::runtime_error{created.error().message()};
    }
  }
  std::string topic(std::string_view name) const { return broker.config().prefixed(name); }

  std::map<std::string, std::string> environment(const std::string& state = "state") const {
    return {{"FRESHET_KAFKA_BROKERS", broker.config().brokers},
            {"FRESHET_KAFKA_TOPIC_PREFIX", broker.config().topic_prefix},
            {"FRESHET_STATE_DIR", (folder / state).string()},
            {"FRESHET_PROCESS_INSTANCE", "a"}};
  }
  Child start(const std::string& state = "state") {
    return Child{{"process", "catalogue", "--loops", "2"}, environment(state)};
  }
  void drain() {
    Child child{{"process", "catalogue", "--loops", "2", "--until-idle", "1"}, environment()};
    ASSERT_EQ(child.wait(60s), 0);
  }

  void sight(const std::string& title, UtcTime at, const std::string& id = "1") {
    kafka::Producer producer{broker.config(), {}};
    const std::string key = "image:met:" + id;
    const std::string value =
        R"({"seen":{"fetched_at":")" + format_micros(at) +
        R"(","run_id":"r"},"work":{"media_type":"image","provider":"met","foreign_identifier":")" +
        id + R"(","foreign_landing_url":"https://example.org/l/)" + id +
        R"(","url":"https://example.org/i/)" + id +
        R"(.jpg","license_url":"https://creativecommons.org/licenses/by/4.0/","title":")" + title +
        R"("}})";
    const kafka::Headers headers{{"schema", "raw/1"}};
    kafka::OutRecord out;
    const std::string name = topic(topics::kRaw);
    out.topic = name;
    out.key = key;
    out.value = value;
    out.headers = &headers;
    ASSERT_TRUE(producer.produce(out));
    ASSERT_TRUE(producer.flush(10s));
  }

  std::vector<test::ReadRecord> catalogue(
      kafka::Isolation isolation = kafka::Isolation::read_committed) const {
    return test::read_all(broker.config(), topic(topics::kCatalog), kPartitions, isolation);
  }
  bool wait_for_records(std::size_t count) {
    for (const auto until = steady_clock::now() + 30s; steady_clock::now() < until;) {
      if (catalogue(kafka::Isolation::read_uncommitted).size() >= count) {
        return true;
      }
      std::this_thread::sleep_for(200ms);
    }
    return false;
  }
  Totals totals(std::string_view kind = "process") const {
    std::map<std::string, Totals> last;
    for (const auto& record :
         test::read_all(broker.config(), topic(topics::kTotals), kPartitions)) {
      if (parse_totals_key(*record.key)->kind == kind) {
        last[*record.key] = parse_totals(*record.value).value();
      }
    }
    Totals all;
    for (const auto& [key, sums] : last) {
      all.add(sums);
    }
    return all;
  }

  /// What one stage sent, the other took.
  void expect_claims_accounted() const {
    const Totals dedupe = totals();
    const Totals urls = totals("urls");
    EXPECT_EQ(dedupe.at("claims.made"), urls.at("claimed"));
    EXPECT_EQ(dedupe.at("claims.released"), urls.at("released"));
    EXPECT_EQ(urls.at("received"),
              urls.at("claimed") + urls.at("released") + urls.sum("dead_lettered"));
    EXPECT_EQ(urls.at("told"), dedupe.sum("verdicts"));
  }

  test::RealBroker broker;
  fs::path folder;
  const UtcTime base = SystemClock{}.now() - std::chrono::hours{1};
};

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
