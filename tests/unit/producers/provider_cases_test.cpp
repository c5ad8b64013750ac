#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "producers/registry.hpp"
#include "producers/runner.hpp"
#include "tests/support/bulk_files.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/killed_runs.hpp"
#include "tests/support/memory_output.hpp"
#include "tests/support/paths.hpp"

// Hand-written conversations with each provider: tests/fixtures/README.md says how they look.

namespace freshet {
namespace {

namespace fs = std::filesystem;

const fs::path kFixtures = source_dir() / "tests" / "fixtures";

std::vector<std::string> all_cases() {
  std::vector<std::string> cases;
  for (const auto& entry : fs::recursive_directory_iterator{kFixtures}) {
    if (entry.path().extension() == ".json" &&
        find_provider(entry.path().parent_path().filename().string()) != nullptr) {
      cases.push_back(fs::relative(entry.path(), kFixtures).replace_extension().string());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

// Host, path and sorted query: two spellings of a URL are one.
std::string canonical(const std::string& url) {
  const auto at = url.find('?');
  http::Query query =
      at == std::string::npos ? http::Query{} : http::decode_query(url.substr(at + 1));
  std::sort(query.begin(), query.end());
  return url.substr(0, at) + "?" + http::encode_query(query);
}

struct Exchange {
  http::Response response;
  std::optional<json::value> request_body;  // nothing: not looked at
  bool is_asked = false;
};

std::map<std::string, Exchange> read_exchanges(const json::value& document) {
  std::map<std::string, Exchange> exchanges;
  for (const json::value& exchange : document.at("exchanges").as_array()) {
    const std::string url{exchange.at("url").as_string()};
    const json::object& members = exchange.as_object();
    Exchange& made = exchanges[canonical(url)];
    made.response.status =
        members.contains("status") ? static_cast<int>(members.at("status").as_int64()) : 200;
    // Bytes that JSON cannot hold come as the text that holds them.
    made.response.body = members.contains("body_text")
                             ? std::string{members.at("body_text").as_string()}
                         : members.contains("body") ? json::serialize(members.at("body"))
                                                    : std::string{};
    if (members.contains("headers")) {
      for (const auto& [name, value] : members.at("headers").as_object()) {
        made.response.headers.emplace_back(name, std::string{value.as_string()});
      }
    }
    if (members.contains("request_body")) {
      made.request_body = members.at("request_body");
    }
    made.response.final_url =
        members.contains("final_url") ? std::string{members.at("final_url").as_string()} : url;
  }
  return exchanges;
}

RunOptions read_options(const json::object& run) {
  RunOptions options;
  if (const json::value* date = run.if_contains("date")) {
    options.date = std::string{date->as_string()};
  }
  if (const json::value* slice = run.if_contains("slice")) {
    options.slice = {*parse_time(slice->at(0).as_string()), *parse_time(slice->at(1).as_string())};
  }
  if (const json::value* initial = run.if_contains("initial_params")) {
    options.initial_params = *params_from_json(*initial);
  }
  if (const json::value* only = run.if_contains("only_params")) {
    for (const json::value& params : only->as_array()) {
      options.only_params.push_back(*params_from_json(params));
    }
  }
  return options;
}

json::object counts(const Totals& totals, const std::string& name) {
  json::object result;
  for (const auto& [counter, amount] : totals.counters) {
    if (counter.starts_with(name + ".")) {
      result[counter.substr(name.size() + 1)] = amount;
    }
  }
  return result;
}

class ProviderCase : public ::testing::TestWithParam<std::string> {};

TEST_P(ProviderCase, MakesTheseRecords) {
  std::ifstream file{kFixtures / (GetParam() + ".json")};
  std::stringstream text;
  text << file.rdbuf();
  const json::value document = json::parse(text.str());
  auto exchanges = read_exchanges(document);
  const test::BulkFiles files{document};
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    if (const auto answer = files.answer(request)) {
      return *answer;
    }
    const auto found = exchanges.find(canonical(http::full_url(request)));
    if (found == exchanges.end()) {
      ADD_FAILURE() << "asked for what the case does not have: " << http::full_url(request);
      return http::Response{404, {}, "", request.url};
    }
    found->second.is_asked = true;
    if (found->second.request_body) {
      EXPECT_EQ(json::parse(request.body), *found->second.request_body);
    }
    return found->second.response;
  }};
  const auto provider = files.make_provider(GetParam().substr(0, GetParam().find('/')), http);
  test::MemoryOutput output;
  const FakeClock clock;
  const RunReport report = run_provider(*provider, read_options(document.at("run").as_object()),
                                        {.http = http,
                                         .sleep = [](std::chrono::milliseconds) { return true; },
                                         .clock = clock,
                                         .output = output,
                                         .key = "key",
                                         .most_in_flight = 1});

  const json::object& members = document.as_object();
  const json::value* exit_code = members.if_contains("exit");
  EXPECT_EQ(report.exit_code(), exit_code == nullptr ? 0 : exit_code->as_int64())
      << report.state.error;
  if (const json::value* error = members.if_contains("error")) {
    EXPECT_NE(report.state.error.find(error->as_string()), std::string::npos) << report.state.error;
  }
  if (const json::value* finished = members.if_contains("finished")) {
    EXPECT_EQ(!output.finished.empty(), finished->as_bool());
  }
  for (const auto& [url, exchange] : exchanges) {
    EXPECT_TRUE(exchange.is_asked) << url;
  }
  json::array works;
  for (const auto& record : output.records) {
    works.push_back(json::parse(record.sighting.work));
  }
  const json::array& expected = document.at("works").as_array();
  ASSERT_EQ(works.size(), expected.size()) << json::serialize(works);
  for (std::size_t i = 0; i < works.size(); ++i) {
    // As text: the order of members counts, since the bytes are the fingerprint.
    EXPECT_EQ(json::serialize(works[i]), json::serialize(expected[i]));
  }
  json::array removed;
  for (const auto& [key, value] : output.removals) {
    json::object said = json::parse(value).at("removed").as_object();
    said["key"] = key;
    removed.push_back(std::move(said));
  }
  const json::value* removals = members.if_contains("removed");
  EXPECT_EQ(removed, removals == nullptr ? json::array{} : removals->as_array());
  EXPECT_EQ(counts(report.state.counts, "dropped"), document.at("dropped").as_object());
  EXPECT_EQ(counts(report.state.counts, "rejected"), document.at("rejected").as_object());
  const json::value* mended = document.as_object().if_contains("mended");
  EXPECT_EQ(report.state.counts.at("mended"), mended == nullptr ? 0 : mended->as_int64());
  EXPECT_EQ(report.state.counts.at("listed"), report.state.counts.at("emitted") +
                                                  report.state.counts.sum("dropped") +
                                                  report.state.counts.sum("rejected"));
}

// However a provider pages: what a later request needs is in the cursor, and what a cache knew does
// not change the result.
class KilledCase : public ::testing::TestWithParam<std::string> {
 protected:
  KilledCase() {
    std::ifstream file{kFixtures / (GetParam() + ".json")};
    std::stringstream text;
    text << file.rdbuf();
    document_ = json::parse(text.str());
    exchanges_ = read_exchanges(document_);
    files_ = std::make_unique<test::BulkFiles>(document_);
  }

  /// @param kill_at  the request at which the process ends; -1: none
  RunReport run(test::MemoryOutput& output, int kill_at = -1, int most_in_flight = 1) {
    int asked = 0;
    test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
      if (asked++ == kill_at) {
        throw test::Killed{};
      }
      if (const auto answer = files_->answer(request)) {
        return *answer;
      }
      const auto found = exchanges_.find(canonical(http::full_url(request)));
      return found == exchanges_.end() ? http::Response{404, {}, "", request.url}
                                       : found->second.response;
    }};
    const auto provider =
        files_->make_provider(GetParam().substr(0, GetParam().find('/')), http, on_keep_);
    const FakeClock clock;
    RunReport report = run_provider(*provider, read_options(document_.at("run").as_object()),
                                    {.http = http,
                                     .sleep = [](std::chrono::milliseconds) { return true; },
                                     .clock = clock,
                                     .output = output,
                                     .key = "key",
                                     .most_in_flight = most_in_flight});
    asked_ = asked;
    return report;
  }

  json::value document_;
  std::map<std::string, Exchange> exchanges_;
  std::unique_ptr<test::BulkFiles> files_;
  std::function<void()> on_keep_;
  int asked_ = 0;
};

TEST_P(KilledCase, LeavesTheSameBehindWhenKilledAtEveryCheckpoint) {
  test::expect_same_when_killed_at_every_checkpoint(
      [this](test::MemoryOutput& output) { return run(output); });
}

TEST_P(KilledCase, LeavesTheSameBehindWhenKilledAtEveryRequest) {
  test::MemoryOutput undisturbed;
  const test::LeftBehind whole = test::left_behind(undisturbed, run(undisturbed).exit_code());
  const int requests = asked_;
  for (int at = 0; at < requests; ++at) {
    files_->forget_work();
    test::MemoryOutput output;
    EXPECT_THROW(run(output, at), test::Killed);
    output.lose_what_was_not_acknowledged();
    const int exit_code = run(output).exit_code();
    EXPECT_EQ(test::left_behind(output, exit_code), whole) << "killed at request " << at;
  }
}

// Of providers that join files: before and after each bucket and each step is kept.
TEST_P(KilledCase, LeavesTheSameBehindWhenKilledAtEveryStepOnDisk) {
  int kept = 0;
  int kill_at = -1;
  on_keep_ = [&] {
    if (kept++ == kill_at) {
      throw test::Killed{};
    }
  };
  test::MemoryOutput undisturbed;
  const RunReport report = run(undisturbed);
  const test::LeftBehind whole = test::left_behind(undisturbed, report.exit_code());
  const int steps = kept;
  EXPECT_TRUE(steps > 0 || !GetParam().starts_with("inaturalist/"));
  for (int at = 0; at < steps; ++at) {
    files_->forget_work();
    kept = 0;
    kill_at = at;
    test::MemoryOutput output;
    EXPECT_THROW(run(output), test::Killed);
    kill_at = -1;
    output.lose_what_was_not_acknowledged();
    const RunReport again = run(output);
    EXPECT_EQ(test::left_behind(output, again.exit_code()), whole) << "killed at step " << at;
    EXPECT_EQ(again.state.counts.counters, report.state.counts.counters) << "killed at step " << at;
  }
}

TEST_P(KilledCase, LeavesTheSameBehindWithSeveralInFlight) {
  test::MemoryOutput one_by_one;
  const test::LeftBehind whole = test::left_behind(one_by_one, run(one_by_one).exit_code());
  test::MemoryOutput output;
  EXPECT_EQ(test::left_behind(output, run(output, -1, 100).exit_code()), whole);
  ASSERT_EQ(output.records.size(), one_by_one.records.size());
  for (std::size_t i = 0; i < output.records.size(); ++i) {
    EXPECT_EQ(output.records[i].sighting.key, one_by_one.records[i].sighting.key);
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, KilledCase, ::testing::ValuesIn(all_cases()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

INSTANTIATE_TEST_SUITE_P(Fixtures, ProviderCase, ::testing::ValuesIn(all_cases()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

TEST(Registry, NamesAreSnakeCaseUniqueAndHaveCases) {
  std::set<std::string> commands;
  std::set<std::string> keys;
  const auto cases = all_cases();
  for (const RegisteredProvider& registered : providers()) {
    const std::string command{registered.command};
    EXPECT_TRUE(std::all_of(command.begin(), command.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || c == '_';
    })) << command;
    EXPECT_TRUE(commands.insert(command).second) << command;
    const auto provider = registered.make();
    EXPECT_EQ(provider->spec().command, command);
    EXPECT_FALSE(provider->spec().hosts.empty()) << command;
    EXPECT_FALSE(provider->spec().schedule.empty()) << command;
    for (const auto& [media_type, key] : provider->spec().providers) {
      EXPECT_TRUE(keys.insert(key).second) << key;
    }
    EXPECT_TRUE(
        std::any_of(cases.begin(), cases.end(),
                    [&](const std::string& name) { return name.starts_with(command + "/"); }))
        << command << " has no case in tests/fixtures";
  }
}

}  // namespace
}  // namespace freshet
