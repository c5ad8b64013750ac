#include "producers/tsv_command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "core/check.hpp"
#include "core/log.hpp"
#include "producers/kafka_output.hpp"
#include "producers/print_output.hpp"
#include "producers/progress.hpp"
#include "producers/rejects_file.hpp"
#include "producers/subcommand_flags.hpp"
#include "producers/tsv_run.hpp"

namespace freshet {
namespace {

struct Flags {
  std::string path;
  std::string media;
  std::string fetched_at;
  std::string identifiers;
  std::string rejects;
  std::int64_t limit = 0;
  bool dry_run = false;
  bool cleaned = false;
};

UtcTime base_time(const Flags& flags) {
  if (!flags.fetched_at.empty()) {
    const auto time = parse_time(flags.fetched_at);
    if (!time) {
      throw StartupError{"--fetched-at " + flags.fetched_at + " is not a time in RFC 3339"};
    }
    return *time;
  }
  const auto time = time_in_file_name(flags.path);
  if (!time) {
    throw StartupError{"the name of " + flags.path +
                       " has no _YYYYMMDDhhmmss in it: say with --fetched-at when it was made"};
  }
  return *time;
}

TsvOptions options_of(const Flags& flags) {
  TsvOptions options;
  options.path = flags.path;
  options.media_type = *parse_media_type(flags.media);  // the flag's check let nothing else pass
  options.base = base_time(flags);
  if (flags.limit > 0) {
    options.limit = flags.limit;
  }
  if (!flags.identifiers.empty()) {
    options.former_identifiers = read_former_identifiers(flags.identifiers);
  }
  return options;
}

int run(const Flags& flags, const Context& context, const CleanFunction& clean) {
  if (flags.cleaned && !flags.dry_run) {
    throw StartupError{"--cleaned goes with --dry-run"};
  }
  const TsvOptions options = options_of(flags);
  RejectsFile rejects{flags.rejects};
  const auto on_refusal = [&](const Refusal& refusal) { rejects.add(refusal); };
  const SystemClock clock;
  std::unique_ptr<MetricsServer> metrics_server;
  std::unique_ptr<Output> output;
  if (flags.dry_run) {
    output = std::make_unique<PrintOutput>(std::cout, flags.cleaned ? clean : CleanFunction{},
                                           on_refusal);
  } else {
    output = std::make_unique<KafkaOutput>(context.config.kafka, clock, context.stop);
    metrics_server =
        std::make_unique<MetricsServer>(context.metrics, context.config.metrics.listen);
    log::info("metrics_served", {{"address", metrics_server->address()}});
  }
  Progress progress{{"tsv"}};
  const RunState state = run_tsv(
      options, {.clock = clock,
                .output = *output,
                .stop = context.stop,
                .on_refusal = on_refusal,
                .on_progress = [&](const Totals& counts) { progress.update("tsv", counts, 0); }});
  log::info("run_ended", {{"provider", "tsv"},
                          {"outcome", to_string(state.outcome)},
                          {"emitted", state.counts.at("emitted")},
                          {"rejected", state.counts.sum("rejected")},
                          {"mended", state.counts.at("mended")}});
  if (state.outcome == RunOutcome::finished) {
    return ExitCode::done;
  }
  std::cerr << "freshet: " << flags.path << ": "
            << (state.error.empty() ? std::string{to_string(state.outcome)} : state.error) << '\n';
  return ExitCode::failed;
}

}  // namespace

void add_tsv_command(CLI::App& produce, Commands& commands, CleanFunction clean) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* tsv = produce.add_subcommand("tsv", "Read a file of the batch system, plain or gzip");
  tsv->add_option("FILE", flags->path, "The file; - is standard input")->required();
  tsv->add_option("--media", flags->media, "What it holds: image or audio")
      ->required()
      ->check(CLI::IsMember({"image", "audio"}));
  tsv->add_option("--fetched-at", flags->fetched_at,
                  "When it was made, RFC 3339 (default: the time in its name)");
  tsv->add_option("--identifiers", flags->identifiers,
                  "File of key,uuid lines: identifiers that works had before");
  tsv->add_option("--limit", flags->limit, "Stop after so many records")
      ->check(CLI::PositiveNumber);
  tsv->add_flag("--dry-run", flags->dry_run,
                "Print raw sightings, one a line, and write nothing to Kafka");
  tsv->add_flag("--cleaned", flags->cleaned, "With --dry-run: print what clean makes of them");
  tsv->add_option("--rejects", flags->rejects, "Write what was dropped or rejected to this file");
  tsv->footer("Example: freshet produce tsv met_image_v001_20230401000000.tsv --media image");
  commands.on_run(tsv, [flags, &produce, clean = std::move(clean)](const Context& context) {
    refuse_flags_of(produce, "tsv");
    return run(*flags, context, clean);
  });
}

}  // namespace freshet
