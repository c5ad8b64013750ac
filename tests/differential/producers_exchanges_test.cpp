#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <thread>

#include "app/clean_preview.hpp"
#include "core/http/curl_client.hpp"
#include "producers/registry.hpp"
#include "producers/runner.hpp"
#include "simulate/exchanges.hpp"
#include "simulate/http_server.hpp"
#include "simulate/recorded.hpp"
#include "tests/differential/compare_records.hpp"
#include "tests/support/counted_provider.hpp"
#include "tests/support/differences.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/killed_runs.hpp"
#include "tests/support/memory_output.hpp"

// Runs each provider against its recorded cases, served over HTTP, cleans what it makes, and
// compares with what the batch original makes of the same replies. Differences are listed in
// tests/differences.json under `cases/<provider>/<case>/<number of the raw record>`.

namespace freshet::test {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

/// What a run of a case gave: cleaned records by number of their raw record, from 0.
struct CaseRun {
  RunReport report;
  std::map<std::size_t, std::vector<json::object>> cleaned;
  std::size_t items = 0;
  std::vector<std::string> unanswered;
};

// The original counts Flickr's pages from 0, and gets the first one twice; here they begin with 1.
simulate::Request as_recorded(simulate::Request request) {
  const std::string name = "&page=";
  if (!request.target.starts_with("/api.flickr.com/")) {
    return request;
  }
  if (const auto at = request.target.find(name); at != std::string::npos) {
    const auto end = std::min(request.target.find('&', at + 1), request.target.size());
    const int page = std::stoi(request.target.substr(at + name.size(), end - at - name.size()));
    request.target.replace(at, end - at, name + std::to_string(page - 1));
  }
  return request;
}

RunOptions options_of(const json::value& run) {
  RunOptions options;
  if (const json::value* date = run.as_object().if_contains("date")) {
    options.date = std::string{date->as_string()};
  }
  if (const json::value* from = run.at("arguments").as_object().if_contains("start_ts")) {
    options.slice = {*parse_time(from->as_string()),
                     *parse_time(run.at("arguments").at("end_ts").as_string())};
  }
  return options;
}

CaseRun run_case(const fs::path& directory, const std::string& name, const json::value& run) {
  CaseRun result;
  // Over a socket, as a user's run against a mirror: encoding, redirects and headers count too.
  simulate::RecordedCases recorded{directory, {name}};
  simulate::HttpServer server{"127.0.0.1:0", [&](const simulate::Request& request) {
                                return recorded.handle(as_recorded(request));
                              }};
  std::jthread serving{[&](const std::stop_token& stop) { server.run(stop); }};
  http::CurlClient http{{.user_agent = "test", .mirror = server.address()}};
  const auto provider = find_provider(std::string_view{run.at("provider").as_string()})->make();
  CountedProvider watched{*provider};
  MemoryOutput output;
  std::vector<std::size_t> origins;
  output.on_sighting = [&] { origins.push_back(watched.items_seen() - 1); };
  const RunOptions options = options_of(run);
  FakeClock clock{*parse_time("2023-04-17T00:00:00Z")};
  result.report = run_provider(watched, options,
                               {.http = http,
                                .sleep = [](std::chrono::milliseconds) { return true; },
                                .clock = clock,
                                .output = output,
                                .key = "test-api-key-" + name.substr(0, name.find('/')),
                                .most_in_flight = 1});
  result.items = watched.items_seen();
  serving.request_stop();
  serving.join();
  const json::value report = json::parse(recorded.report());
  for (const json::value& missed : report.at("unanswered").as_array()) {
    result.unanswered.push_back(json::serialize(missed));
  }
  const CleanFunction clean = clean_preview();
  for (std::size_t i = 0; i < output.records.size(); ++i) {
    const CleanPreview preview = clean(output.records[i].sighting.work);
    if (preview.outcome == CleanPreview::Outcome::cleaned) {
      result.cleaned[origins[i]].push_back(json::parse(preview.line).as_object());
    }
  }
  return result;
}

void compare_case(Differences& differences, const fs::path& directory, const std::string& name) {
  SCOPED_TRACE(name);
  const json::value exchange = json::parse(read_file(directory / "exchanges" / (name + ".json")));
  const json::value expected =
      json::parse(read_file(directory / std::string{exchange.at("expected").as_string()}));
  CaseRun ours = run_case(directory, name, exchange.at("run"));
  for (const std::string& request : ours.unanswered) {
    differences.note("cases/" + name, "(unanswered)", request);
  }
  const auto& steps = expected.at("steps").as_array();
  const bool fails = std::any_of(steps.begin(), steps.end(), [](const json::value& step) {
    const json::value* error = step.as_object().if_contains("error");
    return error != nullptr && !error->is_null();
  });
  if (ours.report.exit_code() != (fails ? 1 : 0)) {
    differences.note("cases/" + name, "(exit)", ours.report.state.error);
  }
  const auto& outcomes = expected.at("outcomes").as_array();
  EXPECT_EQ(ours.items, outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const json::object& outcome = outcomes[i].as_object();
    const json::value* mutation = outcome.if_contains("mutation");
    if (mutation != nullptr && mutation->is_string() &&
        mutation->as_string().ends_with("wrongtype")) {
      continue;  // an accident of the original's language; that nobody crashes is shown by the run
    }
    std::vector<json::object> theirs;
    for (const json::value& converted : outcome.at("converted").as_array()) {
      const json::value* record = converted.as_object().if_contains("record");
      if (record != nullptr && record->is_int64()) {
        theirs.push_back(renamed(expected.at("records")
                                     .as_array()
                                     .at(static_cast<std::size_t>(record->as_int64()))
                                     .as_object()));
      }
    }
    compare_item(differences, "cases/" + name + "/" + std::to_string(i), theirs, ours.cleaned[i]);
  }
}

TEST(Producers, MakeWhatTheOriginalMakesOfEveryRecordedCase) {
  FRESHET_NEED_FIXTURES(fixtures);
  const fs::path directory = fixtures / "original";
  Differences differences;
  int cases = 0;
  for (const std::string& name : simulate::list_cases(directory)) {
    const json::value exchange = json::parse(read_file(directory / "exchanges" / (name + ".json")));
    // Recordings of a provider that is not written yet wait for it.
    if (find_provider(std::string_view{exchange.at("run").at("provider").as_string()}) == nullptr) {
      continue;
    }
    compare_case(differences, directory, name);
    ++cases;
  }
  EXPECT_GE(cases, 89);
  differences.check("cases/");
}

// However a source pages: a run that dies goes on from its cursor as if nothing had happened.
TEST(Producers, LeaveTheSameBehindWhenKilledAtEveryCheckpointOfEveryRecordedCase) {
  FRESHET_NEED_FIXTURES(fixtures);
  const fs::path directory = fixtures / "original";
  for (const std::string& name : simulate::list_cases(directory)) {
    const json::value exchange = json::parse(read_file(directory / "exchanges" / (name + ".json")));
    const json::value& run = exchange.at("run");
    const RegisteredProvider* registered =
        find_provider(std::string_view{run.at("provider").as_string()});
    if (registered == nullptr) {
      continue;
    }
    SCOPED_TRACE(name);
    expect_same_when_killed_at_every_checkpoint([&](MemoryOutput& output) {
      simulate::RecordedCases recorded{directory, {name}};
      simulate::HttpServer server{"127.0.0.1:0", [&](const simulate::Request& request) {
                                    return recorded.handle(as_recorded(request));
                                  }};
      std::jthread serving{[&](const std::stop_token& stop) { server.run(stop); }};
      http::CurlClient http{{.user_agent = "test", .mirror = server.address()}};
      const auto provider = registered->make();
      const FakeClock clock{*parse_time("2023-04-17T00:00:00Z")};
      const RunOptions options = options_of(run);
      return run_provider(*provider, options,
                          {.http = http,
                           .sleep = [](std::chrono::milliseconds) { return true; },
                           .clock = clock,
                           .output = output,
                           .key = "test-api-key-" + name.substr(0, name.find('/')),
                           .most_in_flight = 1});
    });
  }
}

}  // namespace
}  // namespace freshet::test
