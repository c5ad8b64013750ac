#include "operate/stats.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "core/check.hpp"
#include "core/output.hpp"
#include "operate/broker.hpp"
#include "operate/sums.hpp"
#include "operate/sums_read.hpp"

namespace freshet {
namespace {

struct Flags {
  bool json = false;
  bool line = false;
  bool check = false;
  bool watch = false;
  double every_seconds = 2;
};

int run_stats(const Context& context, const Flags& flags) {
  kafka::Admin admin{context.config.kafka};
  require_broker(admin);
  SumsReader reader{context};
  while (true) {
    // Whether it adds up is asked of what was written, not of what the last refresh made visible.
    const Sums sums = reader.read(flags.check ? Refresh::yes : Refresh::no);
    print_result(flags.json   ? format_sums_json(sums)
                 : flags.line ? format_sums_line(sums)
                              : format_sums_table(sums));
    if (!flags.watch || context.stop.stop_requested()) {
      const auto disagreements = find_disagreements(sums);
      if (flags.check && !disagreements.empty()) {
        throw WorkFailed{"the sums do not agree: " + disagreements.front()};
      }
      return ExitCode::done;
    }
    wait_for_next_round(context.stop,
                        std::chrono::milliseconds{static_cast<int>(flags.every_seconds * 1000)});
    if (!flags.json && !flags.line) {
      print_result("\n");
    }
  }
}

}  // namespace

void add_stats_command(CLI::App& root, Commands& commands) {
  CLI::App* command = root.add_subcommand("stats",
                                          "What became of every record, what the stores hold, "
                                          "whether it adds up, and which removals wait "
                                          "for approval");
  const auto flags = std::make_shared<Flags>();
  auto* as_json =
      command->add_flag("--json", flags->json, "Print JSON; one line a round with --watch");
  command->add_flag("--line", flags->line, "Print the whole in one line")->excludes(as_json);
  command->add_flag("--check", flags->check, "Exit 1 unless all sums agree");
  command->add_flag("--watch", flags->watch, "Again and again until Ctrl-C");
  command->add_option("--every", flags->every_seconds, "Seconds between two rounds of --watch")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->footer("Example:\n  freshet stats --check");
  commands.on_run(command, [flags](const Context& context) { return run_stats(context, *flags); });
}

}  // namespace freshet
