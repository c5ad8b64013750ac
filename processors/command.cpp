#include "processors/command.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "core/crawl/archive.hpp"
#include "processors/catalogue/runner.hpp"
#include "processors/extract/extract_role.hpp"

namespace freshet {
namespace {

void add_extract_command(CLI::App& process, Commands& commands) {
  struct Flags {
    std::string from = Archive::kPublic;
    int fetches = 4;
    double idle_seconds = 2;
    CLI::Option* until_idle = nullptr;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* extract = process.add_subcommand(
      "extract", "Make sightings of the pages on media.pages.v1 whose site has an extractor");
  extract
      ->add_option("--from", flags->from, "Where the crawl is: a URL, or a folder that mirrors it")
      ->capture_default_str();
  extract->add_option("--fetches", flags->fetches, "Requests at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  flags->until_idle =
      extract
          ->add_option("--until-idle", flags->idle_seconds,
                       "End with exit code 0 when everything in the topic was done for so many "
                       "seconds")
          ->expected(0, 1)
          ->check(CLI::Range(0.0, 86'400.0));
  extract->footer(
      "Not among the roles of `freshet up`. Two processes on one host need two names.\n"
      "Example: freshet process extract --process-instance a");
  commands.on_run(extract, [flags](const Context& context) {
    ExtractRun run{.base = flags->from, .fetches = flags->fetches, .until_idle = std::nullopt};
    if (flags->until_idle->count() > 0) {
      run.until_idle =
          std::chrono::milliseconds{static_cast<std::int64_t>(flags->idle_seconds * 1000)};
    }
    return run_extract(run, context);
  });
}

}  // namespace

void add_processor_commands(CLI::App& root, Commands& commands) {
  struct Flags {
    int loops = 0;
    int background_per_second = CatalogueRun{}.background_per_second;
    double idle_seconds = 2;
    CLI::Option* until_idle = nullptr;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* process =
      root.add_subcommand("process", "Turn sightings into the catalogue, and pages into sightings");
  process->require_subcommand(1);
  CLI::App* catalogue = process->add_subcommand(
      "catalogue", "Clean and merge media.raw.v1 into media.catalog.v1, exactly once");
  catalogue
      ->add_option("--loops", flags->loops,
                   "Consumer loops, each with its own partitions; default: cores")
      ->check(CLI::Range(1, 1024));
  catalogue
      ->add_option(
          "--background-per-second", flags->background_per_second,
          "Most records that are written in a second for other reasons than a sighting or a "
          "decision (scores, changed lists, removals by full runs): sinks are late by what "
          "comes in a burst; 0: no limit; default: 2000")
      ->check(CLI::Range(0, 10'000'000));
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
  add_extract_command(*process, commands);
  commands.on_run(catalogue, [flags](const Context& context) {
    CatalogueRun run{.loops = flags->loops,
                     .background_per_second = flags->background_per_second,
                     .until_idle = std::nullopt};
    if (flags->until_idle->count() > 0) {
      run.until_idle =
          std::chrono::milliseconds{static_cast<std::int64_t>(flags->idle_seconds * 1000)};
    }
    return run_catalogue(run, context);
  });
}

}  // namespace freshet
