#include "simulate/command.hpp"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>

#include "core/check.hpp"
#include "core/log.hpp"
#include "simulate/generate.hpp"
#include "simulate/http_server.hpp"
#include "simulate/provider_server.hpp"
#include "simulate/recorded.hpp"

namespace freshet {
namespace {

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out << text;
  out.close();
  if (!out) {
    throw WorkFailed("cannot write " + path);
  }
}

struct RecordedOptions {
  std::string directory;
  std::vector<std::string> cases;
  std::string listen = "127.0.0.1:0";
  std::string report;
};

int serve_recorded(const RecordedOptions& options, const Context& context) {
  simulate::RecordedCases cases{options.directory, options.cases};
  simulate::HttpServer server{
      options.listen, [&cases](const simulate::Request& request) { return cases.handle(request); }};
  std::cout << server.address() << '\n' << std::flush;  // whoever started us waits for it
  log::info("recorded_cases_served", {{"address", server.address()}, {"cases", cases.size()}});
  server.run(context.stop);
  if (!options.report.empty()) {
    write_file(options.report, cases.report());
  }
  return ExitCode::done;
}

void add_recorded(CLI::App& simulate, Commands& commands) {
  auto options = std::make_shared<RecordedOptions>();
  CLI::App* command =
      simulate.add_subcommand("recorded", "Serve recorded replies of providers, for http.mirror");
  command->add_option("DIR", options->directory, "Folder with exchanges/ and inputs/")->required();
  command->add_option("--case", options->cases,
                      "provider/case; repeatable. One is served at /, several (or none named: "
                      "all) each at /<provider>/<case>/");
  command->add_option("--listen", options->listen, "host:port; port 0: any free one")
      ->capture_default_str();
  command->add_option("--report", options->report,
                      "Write here, at the end, which requests had no or only a near match");
  command->footer(
      "Prints its address on standard output. GET /.report gives the report while it runs.\n"
      "Example: freshet simulate recorded fixtures/original --case met/mixed --listen "
      "127.0.0.1:9000");
  commands.on_run(command,
                  [options](const Context& context) { return serve_recorded(*options, context); });
}

struct ProvidersOptions {
  simulate::World world;
  double errors = 0.01;
  std::int64_t latency_ms = 0;
  std::string listen = "127.0.0.1:0";
  std::string truth;
};

int serve_providers(const ProvidersOptions& options, const Context& context) {
  simulate::ProviderServer providers{options.world, options.errors};
  simulate::HttpServer server{
      options.listen,
      [&providers](const simulate::Request& request) { return providers.handle(request); },
      std::chrono::milliseconds{options.latency_ms}};
  if (!options.truth.empty()) {
    write_file(options.truth, providers.truth());
  }
  std::cout << server.address() << '\n' << std::flush;  // whoever started us waits for it
  log::info("made_up_providers_served", {{"address", server.address()}});
  server.run(context.stop);
  return ExitCode::done;
}

void add_providers(CLI::App& simulate, Commands& commands) {
  auto options = std::make_shared<ProvidersOptions>();
  CLI::App* command = simulate.add_subcommand(
      "providers", "Serve made-up replies in each provider's own shape, for http.mirror");
  command->add_option("--works", options->world.works, "Raw records per provider")
      ->capture_default_str();
  command->add_option("--seed", options->world.seed, "The same seed gives the same replies")
      ->capture_default_str();
  command->add_option("--listen", options->listen, "host:port; port 0: any free one")
      ->capture_default_str();
  command
      ->add_option("--errors", options->errors,
                   "Share of requests that get 429, 500 or 503 the first time")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--latency", options->latency_ms, "Milliseconds before each reply")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  command->add_option("--truth", options->truth,
                      "Write here, at the start, what each producer's run must do, as JSON");
  command->footer(
      "Prints its address on standard output.\n"
      "Example: freshet simulate providers --works 1500 --listen 127.0.0.1:9000 &\n"
      "         freshet produce jamendo --http-mirror http://127.0.0.1:9000 --dry-run");
  commands.on_run(command,
                  [options](const Context& context) { return serve_providers(*options, context); });
}

struct GenerateFlags {
  simulate::GenerateRun run;
  std::string fetched_at;
  double rate = 0;
};

UtcTime parse_fetched_at(const std::string& text) {
  if (text == "now") {
    return SystemClock{}.now();
  }
  const auto time = parse_time(text);
  if (!time) {
    throw StartupError("--fetched-at " + text + ": neither RFC 3339 nor now");
  }
  return *time;
}

void add_generate(CLI::App& simulate, Commands& commands) {
  auto flags = std::make_shared<GenerateFlags>();
  simulate::GeneratorOptions& stream = flags->run.stream;
  CLI::App* command = simulate.add_subcommand(
      "generate", "Make up sightings and send them to media.raw.v1 or to standard output");
  command->add_option("--works", stream.works, "Works, each seen once before any is seen again")
      ->capture_default_str();
  command->add_option("--seed", stream.seed, "The same seed and options give the same bytes")
      ->capture_default_str();
  command->add_option("--recrawl", stream.recrawl, "Sightings again per work; 2.5: two and a half")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
  command->add_option("--unchanged", stream.unchanged, "Share of these with unchanged content")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--dirty", stream.dirty, "Bad records of every kind, per work")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--duplicates", stream.duplicates, "Share of works with another work's URL")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--media", stream.media, "Of which media; default both")
      ->delimiter(',')
      ->transform(CLI::CheckedTransformer(std::map<std::string, MediaType>{
          {"image", MediaType::image}, {"audio", MediaType::audio}}))
      ->option_text("image,audio");
  command
      ->add_option("--order", stream.order, "Order of works; ascending: per provider, the default")
      ->transform(CLI::CheckedTransformer(std::map<std::string, simulate::WorkOrder>{
          {"ascending", simulate::WorkOrder::ascending}, {"random", simulate::WorkOrder::random}}))
      ->option_text("ascending|random");
  command
      ->add_option("--part", stream.part,
                   "What is made: all, the default; each work once; or the rest")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, simulate::StreamPart>{{"all", simulate::StreamPart::all},
                                                      {"load", simulate::StreamPart::load},
                                                      {"recrawl", simulate::StreamPart::recrawl}}))
      ->option_text("all|load|recrawl");
  command->add_option("--fetched-at", flags->fetched_at,
                      "Time before the first sighting, RFC 3339, or now; default 2024-01-01");
  command->add_option("--rate", flags->rate, "Records per second; default: as fast as it goes")
      ->check(CLI::PositiveNumber);
  command->add_flag("--stdout", flags->run.to_standard_output,
                    "Lines of key, tab, value on standard output instead of Kafka");
  command->add_option("--truth", flags->run.truth_file, "Write here what must come of it, as JSON");
  command->add_option(
      "--truth-works", flags->run.truth_works_file,
      "Write here key, URL, title and URL owner of every work, one JSON object a line");
  command->footer(
      "Example: freshet simulate generate --works 50000 --seed 42 --recrawl 0.8 --dirty 0.01 "
      "--duplicates 0.05 --media image,audio --truth truth.json");
  commands.on_run(command, [flags](const Context& context) {
    simulate::GenerateRun run = flags->run;
    run.stream.with_headers = !run.to_standard_output;
    if (!flags->fetched_at.empty()) {
      run.stream.fetched_at = parse_fetched_at(flags->fetched_at);
    }
    if (flags->rate > 0) {
      run.rate = flags->rate;
    }
    return simulate::run_generate(run, context);
  });
}

}  // namespace

void add_simulate_commands(CLI::App& root, Commands& commands) {
  CLI::App* simulate =
      root.add_subcommand("simulate", "Stand-ins for the outside world: providers and sightings");
  simulate->require_subcommand(1);
  add_recorded(*simulate, commands);
  add_providers(*simulate, commands);
  add_generate(*simulate, commands);
}

}  // namespace freshet
