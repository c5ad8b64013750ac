#include "simulate/command.hpp"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>

#include "core/check.hpp"
#include "core/log.hpp"
#include "simulate/http_server.hpp"
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
  std::cout << server.address() << std::endl;
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

}  // namespace

void add_simulate_commands(CLI::App& root, Commands& commands) {
  CLI::App* simulate =
      root.add_subcommand("simulate", "Stand-ins for the outside world: providers and sightings");
  simulate->require_subcommand(1);
  add_recorded(*simulate, commands);
}

}  // namespace freshet
