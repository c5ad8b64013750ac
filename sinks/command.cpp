#include "sinks/command.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "sinks/registry.hpp"
#include "sinks/runner.hpp"

namespace freshet {
namespace {

constexpr double kIdleSeconds = 1;

void add_sink(CLI::App& parent, const SinkSpec& spec, Commands& commands) {
  CLI::App* command = parent.add_subcommand(std::string{spec.role.what()}, spec.meaning);
  const auto idle = std::make_shared<double>(kIdleSeconds);
  CLI::Option* until_idle =
      command
          ->add_option("--until-idle", *idle,
                       "End with exit 0 when everything in the topic has been done for SECONDS")
          ->expected(0, 1)
          ->check(CLI::NonNegativeNumber)
          ->type_name("SECONDS")
          ->default_str("1");
  command->footer("Example:\n  freshet " + spec.role.command() + " --until-idle 2");
  commands.on_run(command, [&spec, idle, until_idle](const Context& context) {
    SinkRunOptions options;
    if (until_idle->count() > 0) {
      const double seconds =
          until_idle->results().empty() || until_idle->results()[0].empty() ? kIdleSeconds : *idle;
      options.until_idle = std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
    }
    return run_sink(spec, context, options);
  });
}

}  // namespace

void add_sink_commands(CLI::App& root, Commands& commands) {
  CLI::App* sink = root.add_subcommand("sink", "Write what a topic has into a store");
  sink->require_subcommand(1);
  for (const SinkSpec& spec : sinks()) {
    add_sink(*sink, spec, commands);
  }
}

}  // namespace freshet
