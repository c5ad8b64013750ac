#pragma once

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
#include "core/record/envelope.hpp"
#include "core/topics.hpp"
#include "core/totals.hpp"
#include "tests/support/kafka_reading.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/real_broker.hpp"

extern char** environ;

namespace freshet {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

inline constexpr int kPartitions = 2;

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
    std::vector<std::string> words{freshet_binary()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto argv = pointers(words);
    auto envp = pointers(variables);
    if (::posix_spawn(&pid_, freshet_binary(), nullptr, nullptr, argv.data(), envp.data()) != 0) {
      throw std::runtime_error{std::string{"cannot start "} + freshet_binary()};
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
  /// @param claims  configs of the topic of claims that are other than they should be.
  explicit ProcessCatalogue(std::map<std::string, std::string> claims = {})
      : claims_configs_{std::move(claims)} {
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
    std::vector<TopicSpec> list = topic_specs(config);
    for (TopicSpec& spec : list) {
      if (spec.name == topic(topics::kUrlClaims)) {
        for (const auto& [name, value] : claims_configs_) {
          spec.configs[name] = value;
        }
      }
    }
    return list;
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
  Child start(const std::string& state = "state", int loops = 2) {
    return Child{{"process", "catalogue", "--loops", std::to_string(loops)}, environment(state)};
  }
  Child start_draining() {
    return Child{{"process", "catalogue", "--loops", "2", "--until-idle", "1"}, environment()};
  }
  void drain() {
    Child child = start_draining();
    ASSERT_EQ(child.wait(60s), 0);
  }

  void sight(const std::string& title, UtcTime at, const std::string& id = "1") {
    sight(title, at, id, "https://example.org/i/" + id + ".jpg");
  }
  void sight(const std::string& title, UtcTime at, const std::string& id, const std::string& url) {
    const std::string work =
        R"({"media_type":"image","provider":"met","foreign_identifier":")" + id +
        R"(","foreign_landing_url":"https://example.org/l/)" + id + R"(","url":")" + url +
        R"(","license_url":"https://creativecommons.org/licenses/by/4.0/","title":")" + title +
        R"("})";
    send(topics::kRaw, "image:met:" + id,
         write_raw_record({.fetched_at = at, .run_id = "r", .body = work}), schema_header::kRaw);
  }
  /// @param partition  nothing: by the key.
  void send(std::string_view to, const std::string& key, const std::optional<std::string>& value,
            std::string_view schema, std::optional<kafka::Partition> partition = std::nullopt) {
    kafka::Producer producer{broker.config(), {}};
    const kafka::Headers headers{{"schema", std::string{schema}}};
    kafka::OutRecord out;
    const std::string name = topic(to);
    out.topic = name;
    out.partition = partition;
    out.key = key;
    if (value) {
      out.value = *value;
    }
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

 private:
  std::map<std::string, std::string> claims_configs_;
};

}  // namespace freshet
