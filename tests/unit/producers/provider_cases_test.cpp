#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "producers/registry.hpp"
#include "producers/runner.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"

// Hand-written conversations with each provider: tests/fixtures/README.md says how they look.

namespace freshet {
namespace {

namespace fs = std::filesystem;

const fs::path kFixtures = fs::path{FRESHET_SOURCE_DIR} / "tests" / "fixtures";

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
    made.response.body = json::serialize(members.at("body"));
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
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    const auto found = exchanges.find(canonical(http::full_url(request)));
    if (found == exchanges.end()) {
      ADD_FAILURE() << "asked for what the case does not have: " << http::full_url(request);
      return http::Response{404, {}, "", request.url};
    }
    found->second.is_asked = true;
    return found->second.response;
  }};
  const auto provider = find_provider(GetParam().substr(0, GetParam().find('/')))->make();
  test::MemoryOutput output;
  const FakeClock clock;
  const RunReport report = run_provider(*provider, read_options(document.at("run").as_object()),
                                        {.http = http,
                                         .sleep = [](std::chrono::milliseconds) { return true; },
                                         .clock = clock,
                                         .output = output,
                                         .key = "key"});

  EXPECT_EQ(report.exit_code(), 0) << report.state.error;
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
  EXPECT_EQ(counts(report.state.counts, "dropped"), document.at("dropped").as_object());
  EXPECT_EQ(counts(report.state.counts, "rejected"), document.at("rejected").as_object());
  EXPECT_EQ(report.state.counts.at("listed"), report.state.counts.at("emitted") +
                                                  report.state.counts.sum("dropped") +
                                                  report.state.counts.sum("rejected"));
}

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
