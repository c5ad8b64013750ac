#include "processors/command.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "processors/catalogue/runner.hpp"

namespace freshet {

void add_processor_commands(CLI::App& root, Commands& commands) {
  struct Flags {
    int loops = 0;
    double idle_seconds = 2;
    CLI::Option* until_idle = nullptr;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* process = root.add_subcommand("process", "Turn sightings into the catalogue");
  process->require_subcommand(1);
  CLI::App* catalogue = process->add_subcommand(
      "catalogue", "Clean and merge media.raw.v1 into media.catalog.v1, exactly once");
  catalogue
      ->add_option("--loops", flags->loops,
                   "Consumer loops, each with its own partitions; default: cores")
      ->check(CLI::Range(1, 1024));
  flags->until_idle =
      catalogue
          ->add_option(
              "--until-idle", flags->idle_seconds,
              "End with exit code 0 when everything in the topics was done for so many seconds")
          ->expected(0, 1)
          ->check(CLI::Range(0.0, 86'400.0));
  catalogue->footer(
      "State lies in state.dir/<process.instance>; two processes on one host need two names.\n"
      "Example: freshet process catalogue --loops 4 --process-instance a");
  commands.on_run(catalogue, [flags](const Context& context) {
    CatalogueRun run{.loops = flags->loops, .until_idle = std::nullopt};
    if (flags->until_idle->count() > 0) {
      run.until_idle =
          std::chrono::milliseconds{static_cast<std::int64_t>(flags->idle_seconds * 1000)};
    }
    return run_catalogue(run, context);
  });
}

}  // namespace freshet
