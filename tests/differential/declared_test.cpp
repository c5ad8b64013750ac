#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <thread>

#include "app/clean_preview.hpp"
#include "core/http/curl_client.hpp"
#include "producers/declared/declaration.hpp"
#include "producers/registry.hpp"
#include "producers/runner.hpp"
#include "simulate/exchanges.hpp"
#include "simulate/http_server.hpp"
#include "simulate/recorded.hpp"
#include "tests/support/counted_provider.hpp"
#include "tests/support/differences.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_output.hpp"

// Providers that stand as declarations, over their recorded cases: where a provider is compiled as
// well, both make the same records; the others make the original's identifiers.

namespace freshet::test {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

/// Cleaned records by number of their raw record, in order.
using Made = std::map<std::size_t, std::vector<std::string>>;

Made run_case(Provider& inner, const fs::path& directory, const std::string& name) {
  simulate::RecordedCases recorded{directory, {name}};
  simulate::HttpServer server{
      "127.0.0.1:0", [&](const simulate::Request& request) { return recorded.handle(request); }};
  std::jthread serving{[&](const std::stop_token& stop) { server.run(stop); }};
  http::CurlClient http{{.user_agent = "test", .mirror = server.address()}};
  CountedProvider counted{inner};
  MemoryOutput output;
  std::vector<std::size_t> origins;
  output.on_sighting = [&] { origins.push_back(counted.items_seen() - 1); };
  FakeClock clock{*parse_time("2023-04-17T00:00:00Z")};
  static_cast<void>(run_provider(counted, {},
                                 {.http = http,
                                  .sleep = [](std::chrono::milliseconds) { return true; },
                                  .clock = clock,
                                  .output = output,
                                  .key = "test-api-key-" + name.substr(0, name.find('/')),
                                  .most_in_flight = 1}));
  serving.request_stop();
  serving.join();
  const CleanFunction clean = clean_preview();
  Made made;
  for (std::size_t i = 0; i < output.records.size(); ++i) {
    const CleanPreview preview = clean(output.records[i].sighting.work);
    if (preview.outcome == CleanPreview::Outcome::cleaned) {
      made[origins[i]].push_back(preview.line);
    }
  }
  return made;
}

std::set<std::size_t> damaged_items(const json::value& expected) {
  std::set<std::size_t> found;
  const json::array& outcomes = expected.at("outcomes").as_array();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const json::value* mutation = outcomes[i].as_object().if_contains("mutation");
    if (mutation != nullptr && mutation->is_string()) {
      // A declaration takes what it finds. How strictly compiled code looks at a reply that was
      // damaged on purpose is its own affair; here nothing may break, and neighbours pass.
      found.insert(i);
    }
  }
  return found;
}

std::multiset<std::string> identifiers(const json::value& expected, std::size_t item) {
  std::multiset<std::string> found;
  for (const json::value& converted :
       expected.at("outcomes").as_array().at(item).at("converted").as_array()) {
    const json::value* record = converted.as_object().if_contains("record");
    if (record != nullptr && record->is_int64()) {
      found.insert(json::serialize(expected.at("records")
                                       .as_array()
                                       .at(static_cast<std::size_t>(record->as_int64()))
                                       .at("foreign_identifier")));
    }
  }
  return found;
}

void compare(const fs::path& directory, const std::string& name,
             const declared::Declaration& declaration, Provider& provider) {
  SCOPED_TRACE(name);
  const json::value exchange = json::parse(read_file(directory / "exchanges" / (name + ".json")));
  const json::value expected =
      json::parse(read_file(directory / std::string{exchange.at("expected").as_string()}));
  Made ours = run_case(provider, directory, name);
  const RegisteredProvider* const compiled = find_provider(declaration.spec.command);
  Made theirs;
  if (compiled != nullptr) {
    theirs = run_case(*compiled->make(), directory, name);
  }
  const std::set<std::size_t> skipped = damaged_items(expected);
  for (std::size_t i = 0; i < expected.at("outcomes").as_array().size(); ++i) {
    if (skipped.contains(i)) {
      continue;
    }
    if (compiled != nullptr) {
      EXPECT_EQ(ours[i], theirs[i]) << i;
      continue;
    }
    std::multiset<std::string> made;
    for (const std::string& line : ours[i]) {
      made.insert(json::serialize(json::parse(line).at("foreign_identifier")));
    }
    // Not fewer: clean knows licences that the original of that time did not.
    const auto theirs_of_item = identifiers(expected, i);
    EXPECT_TRUE(
        std::includes(made.begin(), made.end(), theirs_of_item.begin(), theirs_of_item.end()))
        << i;
  }
}

TEST(DeclaredProviders, PassTheRecordedCases) {
  FRESHET_NEED_FIXTURES(fixtures);
  const fs::path directory = fixtures / "original";
  std::map<std::string, fs::path> files;
  for (const auto& entry :
       fs::directory_iterator{source_dir() / "producers" / "declared" / "examples"}) {
    files[entry.path().stem()] = entry.path();
  }
  std::map<std::string, int> cases;
  for (const std::string& name : simulate::list_cases(directory)) {
    const json::value exchange = json::parse(read_file(directory / "exchanges" / (name + ".json")));
    const std::string command{exchange.at("run").at("provider").as_string()};
    if (!files.contains(command)) {
      continue;
    }
    const auto provider =
        declared::make_declared_provider(declared::read_declaration_file(files.at(command)));
    compare(directory, name, declared::read_declaration_file(files.at(command)), *provider);
    ++cases[command];
  }
  EXPECT_GE(cases.size(), 4U);
}

}  // namespace
}  // namespace freshet::test
