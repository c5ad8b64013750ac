#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "core/log.hpp"
#include "processors/clean/cleaner.hpp"
#include "producers/registry.hpp"
#include "producers/runner.hpp"
#include "simulate/provider_server.hpp"

// Whole runs of a provider, one thread, over replies that lie in memory: paging, reading of
// replies, mapping, judging and clean. What is left out is the network and the broker.
namespace freshet {
namespace {

constexpr std::uint64_t kWorks = 1'000;

/// What the simulator answers, made once.
class Replies final : public http::HttpClient {
 public:
  Result<http::Response> send(const http::Request& request) override {
    const std::string url = http::full_url(request);
    const bool is_head = request.method == http::Method::head;
    ++requests;
    const auto [at, is_new] = replies_.try_emplace((is_head ? "HEAD " : "GET ") + url);
    if (is_new) {
      simulate::Reply reply =
          server_.handle({is_head ? "HEAD" : "GET", url.substr(url.find("//") + 1)});
      at->second = {reply.status, {}, reply.body.value_or(""), url};
      for (auto& [name, value] : reply.headers) {
        std::string lower = name;
        for (char& c : lower) {
          c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
        at->second.headers.emplace_back(std::move(lower), value);
      }
    }
    return at->second;
  }

  std::int64_t requests = 0;

 private:
  simulate::ProviderServer server_{{.works = kWorks, .seed = 1}, 0};
  std::unordered_map<std::string, http::Response> replies_;
};

/// Cleans each sighting, as the processor does, and keeps none.
class CleaningOutput final : public Output {
 public:
  Result<std::optional<RunState>> last_state(const std::string&) override {
    return std::optional<RunState>{};
  }
  Result<void> take_over(const std::string&, std::int32_t) override { return {}; }
  Result<void> sighting(const Sighting& sighting, std::string_view value) override {
    benchmark::DoNotOptimize(value.data());
    const CleanResult cleaned = cleaner_.clean(sighting.work, arena_);
    if (std::holds_alternative<Work>(cleaned)) {
      append_work(out_, std::get<Work>(cleaned));
    }
    if (++records % 500 == 0) {  // as a transaction's batch would
      benchmark::DoNotOptimize(out_.data());
      out_.clear();
      arena_.release();
    }
    return {};
  }
  Result<void> removal(const std::string&, std::string_view) override { return {}; }
  Result<void> rejection(const Rejection&) override { return {}; }
  Result<void> checkpoint(const RunState&, const TotalsByProvider&) override { return {}; }
  Result<void> alert(const Alert&) override { return {}; }
  Result<void> run_finished(MediaType, std::string_view, std::string_view) override { return {}; }

  std::int64_t records = 0;

 private:
  Cleaner cleaner_;
  Arena arena_{1UL << 20};
  std::string out_;
};

class NoonClock final : public Clock {
 public:
  UtcTime now() const override { return *parse_time("2026-11-21T12:00:00Z"); }
};

void run_whole(benchmark::State& state, const RegisteredProvider& registered) {
  Replies replies;
  CleaningOutput output;
  const NoonClock clock;
  std::int64_t pages = 0;
  const auto run = [&] {
    const std::unique_ptr<Provider> provider = registered.make();
    RunOptions options;
    if (provider->spec().dated == Dated::yes) {
      options.date = "2026-11-20";
    }
    const RunReport report = run_provider(*provider, options,
                                          {.http = replies,
                                           .sleep = [](std::chrono::milliseconds) { return true; },
                                           .clock = clock,
                                           .output = output,
                                           .key = provider->spec().credential ? "key" : "",
                                           .most_in_flight = 1});
    pages += report.state.counts.at("pages");
    return report.is_complete;
  };
  if (!run()) {  // the replies are made here
    state.SkipWithError("the run was not complete");
    return;
  }
  output.records = 0;
  replies.requests = 0;
  pages = 0;
  for (auto _ : state) {
    run();
  }
  using benchmark::Counter;
  // Processor time of this thread: one thread does it all.
  state.counters["records"] = Counter(static_cast<double>(output.records), Counter::kIsRate);
  state.counters["pages"] = Counter(static_cast<double>(pages), Counter::kIsRate);
  state.counters["replies"] = Counter(static_cast<double>(replies.requests), Counter::kIsRate);
}

const bool is_registered = [] {
  log::configure({.level = "error", .format = "json"});
  const simulate::World world;
  for (const auto& simulated : simulate::made_up_providers(world)) {
    const RegisteredProvider* const registered = find_provider(simulated->command());
    if (registered != nullptr) {
      benchmark::RegisterBenchmark(
          ("BM_Run/" + std::string{registered->command}).c_str(),
          [registered](benchmark::State& state) { run_whole(state, *registered); })
          ->Unit(benchmark::kMillisecond);
    }
  }
  return true;
}();

}  // namespace
}  // namespace freshet
