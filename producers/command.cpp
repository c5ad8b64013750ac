#include "producers/command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <iostream>
#include <optional>
#include <set>
#include <thread>

#include "core/check.hpp"
#include "core/log.hpp"
#include "producers/common_crawl/command.hpp"
#include "producers/declared/declaration.hpp"
#include "producers/declared/source_file.hpp"
#include "producers/describe.hpp"
#include "producers/kafka_output.hpp"
#include "producers/print_output.hpp"
#include "producers/progress.hpp"
#include "producers/protocols/command.hpp"
#include "producers/provider_run.hpp"
#include "producers/registry.hpp"
#include "producers/rejects_file.hpp"
#include "producers/run_command.hpp"
#include "producers/schedule/scheduler.hpp"
#include "producers/schedule/status.hpp"
#include "producers/tsv_command.hpp"

namespace freshet {
namespace {

struct Flags {
  std::vector<std::string> providers;
  std::vector<std::string> declared;
  bool check = false;
  std::string date;
  std::int64_t limit = 0;
  std::int64_t max_pages = 0;
  std::string initial_params;
  std::vector<std::string> only_params;
  std::string additional_params;
  std::string slice;
  std::string rejects;
  std::string describe;
  bool skip_errors = false;
  bool restart = false;
  bool accept_fewer = false;
  bool dry_run = false;
  bool cleaned = false;
  bool list = false;
  bool status = false;
  bool scheduled = false;
  double until_idle = -1;
  bool json = false;
};

Params parse_params(const std::string& flag, const json::value& value) {
  auto params = params_from_json(value);
  if (!params) {
    throw StartupError{flag + ": " + params.error().message()};
  }
  return std::move(*params);
}

json::value parse_flag_json(const std::string& flag, const std::string& text) {
  auto value = parse_json(text);
  if (!value) {
    throw StartupError{flag + ": " + value.error().message()};
  }
  return std::move(*value);
}

std::pair<UtcTime, UtcTime> parse_slice(const std::string& text) {
  const auto bar = text.find('/');
  if (bar != std::string::npos) {
    const auto from = parse_time(text.substr(0, bar));
    const auto to = parse_time(text.substr(bar + 1));
    if (from && to && *from < *to) {
      return {*from, *to};
    }
  }
  throw StartupError{"--slice " + text + " is not START/END in RFC 3339"};
}

RunOptions run_options(const Flags& flags) {
  RunOptions options;
  if (!flags.date.empty()) {
    options.date = flags.date;
  }
  if (flags.limit > 0) {
    options.limit = flags.limit;
  }
  if (flags.max_pages > 0) {
    options.max_pages = flags.max_pages;
  }
  if (!flags.initial_params.empty()) {
    options.initial_params =
        parse_params("--initial-params", parse_flag_json("--initial-params", flags.initial_params));
  }
  for (const std::string& text : flags.only_params) {
    const json::value value = parse_flag_json("--only-params", text);
    if (const json::array* list = value.if_array()) {
      for (const json::value& element : *list) {
        options.only_params.push_back(parse_params("--only-params", element));
      }
    } else {
      options.only_params.push_back(parse_params("--only-params", value));
    }
  }
  if (!flags.additional_params.empty()) {
    options.additional_params = parse_params(
        "--additional-params", parse_flag_json("--additional-params", flags.additional_params));
  }
  if (!flags.slice.empty()) {
    options.slice = parse_slice(flags.slice);
  }
  options.skip_errors = flags.skip_errors;
  options.restart = flags.restart;
  options.accept_fewer = flags.accept_fewer;
  return options;
}

std::vector<std::unique_ptr<Provider>> wanted_providers(const Flags& flags, const Config& config) {
  std::vector<std::unique_ptr<Provider>> result;
  const SourceFolder folder = read_source_files(config.produce.sources);
  std::set<std::string_view> seen;
  for (const std::string& name : flags.providers) {
    if (!seen.insert(name).second) {
      continue;  // one run of a provider at a time
    }
    if (const SourceFile* const source = find_source(folder.sources, name)) {
      result.push_back(source->make());
      continue;
    }
    const RegisteredProvider* registered = find_provider(name);
    if (registered == nullptr) {
      refuse_unknown(name, folder);
    }
    result.push_back(registered->make());
  }
  for (const std::string& path : flags.declared) {
    result.push_back(read_source_file(path).make());
    if (find_provider(result.back()->spec().command) != nullptr) {
      log::warn("declared_in_place_of_ours",
                {{"provider", result.back()->spec().command}, {"file", path}});
    }
  }
  if (result.empty()) {
    throw StartupError{"produce needs a provider; `freshet produce --list` names all"};
  }
  return result;
}

/// What the runs of one command share.
struct SharedParts {
  const RunOptions& options;
  const Context& context;
  RejectsFile& rejects;
  Progress& progress;
};

int run_one(Provider& provider, Output& output, const SharedParts& shared) {
  const std::string& command = provider.spec().command;
  const auto say = [&](const std::string& why) {
    std::cerr << "freshet: " + command + ": " + why + '\n';
  };
  try {
    const RunReport report = run_with_config(
        provider, shared.options, shared.context.config, shared.context.metrics,
        {.output = output,
         .stop = shared.context.stop,
         .on_refusal = [&](const Refusal& refusal) { shared.rejects.add(refusal); },
         .on_progress = [&](const Totals& counts,
                            int errors) { shared.progress.update(command, counts, errors); }});
    const std::string outcome{to_string(report.state.outcome)};
    shared.progress.ended(command, outcome);
    if (report.exit_code() != ExitCode::done) {
      say(report.state.error.empty() ? outcome : report.state.error);
    }
    return report.exit_code();
  } catch (const RefusedError& refused) {  // the other providers are free
    shared.progress.ended(command, "refused");
    say(refused.what());
    return ExitCode::refused;
  }
}

using Wanted = std::vector<std::unique_ptr<Provider>>;

// One after the other, into one output.
int run_in_turn(const Wanted& wanted, Output& output, const SharedParts& shared) {
  int exit_code = ExitCode::done;
  for (const auto& provider : wanted) {
    if (shared.context.stop.stop_requested()) {
      return ExitCode::failed;
    }
    exit_code = std::max(exit_code, run_one(*provider, output, shared));
  }
  return exit_code;
}

// Each on a thread of its own: a slow one delays no other.
int run_side_by_side(const Wanted& wanted, const SharedParts& shared) {
  const SystemClock clock;
  std::atomic<int> exit_code = ExitCode::done;
  const auto note = [&](int code) {
    int before = exit_code;
    while (before < code && !exit_code.compare_exchange_weak(before, code)) {
    }
  };
  {
    std::vector<std::jthread> threads;
    for (const auto& provider : wanted) {
      threads.emplace_back([&, &one = *provider] {
        try {
          KafkaOutput output{shared.context.config.kafka, clock, shared.context.stop};
          note(run_one(one, output, shared));
        } catch (const std::exception& error) {
          std::cerr << "freshet: " + one.spec().command + ": " + error.what() + '\n';
          note(dynamic_cast<const StartupError*>(&error) != nullptr ? ExitCode::usage
                                                                    : ExitCode::failed);
        }
      });
    }
  }  // joined
  return exit_code;
}

int run_produce(const Flags& flags, const std::vector<std::unique_ptr<Provider>>& wanted,
                const Context& context, const CleanFunction& clean) {
  if (flags.cleaned && !flags.dry_run) {
    throw StartupError{"--cleaned goes with --dry-run"};
  }
  std::vector<std::string> commands;
  for (const auto& provider : wanted) {
    const std::string& command = provider->spec().command;
    if (std::find(commands.begin(), commands.end(), command) != commands.end()) {
      throw StartupError{command + " is named twice: one run of a provider at a time"};
    }
    key_for(provider->spec(), context.config);  // before any of them begins
    commands.push_back(command);
  }
  const RunOptions options = run_options(flags);
  RejectsFile rejects{flags.rejects};
  Progress progress{commands};
  const SharedParts shared{options, context, rejects, progress};
  if (flags.dry_run) {
    PrintOutput output{std::cout, flags.cleaned ? clean : CleanFunction{},
                       [&](const Refusal& refusal) { rejects.add(refusal); }};
    return run_in_turn(wanted, output, shared);
  }
  const SystemClock clock;
  std::optional<KafkaOutput> output;
  if (wanted.size() == 1) {
    output.emplace(context.config.kafka, clock, context.stop);
  }
  const MetricsServer metrics_server{context.metrics, context.config.metrics.listen};
  log::info("metrics_served", {{"address", metrics_server.address()}});
  return output ? run_in_turn(wanted, *output, shared) : run_side_by_side(wanted, shared);
}

int run_list(const Config& config, bool as_json) {
  std::vector<std::unique_ptr<Provider>> all;
  std::vector<const ProviderSpec*> specs;
  for (const RegisteredProvider& registered : providers()) {
    all.push_back(registered.make());
    specs.push_back(&all.back()->spec());
  }
  const SourceFolder folder = read_source_files(config.produce.sources);
  log_faults(folder);
  for (const SourceFile& source : folder.sources) {
    all.push_back(source.make());
    specs.push_back(&all.back()->spec());
  }
  std::cout << list_providers(specs, as_json);
  return ExitCode::done;
}

int run_describe(const std::string& name, const Config& config) {
  Flags flags;
  flags.providers = {name};
  std::cout << describe_provider(wanted_providers(flags, config).front()->spec());
  return ExitCode::done;
}

int run_status(const Context& context, bool as_json) {
  const auto states = read_run_states(context.config.kafka);
  if (!states) {
    throw StartupError{states.error().message()};
  }
  std::vector<std::string> commands;
  for (const RegisteredProvider& registered : providers()) {
    commands.emplace_back(registered.command);
  }
  std::vector<Schedule> of_files;
  const SourceFolder folder = read_source_files(context.config.produce.sources);
  log_faults(folder);
  for (const SourceFile& source : folder.sources) {
    commands.push_back(source.command);
    of_files.push_back(source.schedule);
  }
  const std::string& since = context.config.produce.catch_up_since;
  std::cout << list_status(commands, of_files, *states,
                           since.empty() ? std::nullopt : parse_day(since), SystemClock{}.now(),
                           as_json);
  return ExitCode::done;
}

// The declarations were read without a fault: what else is to be known of them.
int run_check(const Flags& flags) {
  for (const std::string& path : flags.declared) {
    const SourceFile source = read_source_file(path);
    if (source.command.find('.') != std::string::npos) {  // by protocol: it has no fields
      std::cout << path << ": well; runs are called " << source.command << '\n';
      continue;
    }
    const declared::Declaration declaration = declared::read_declaration_file(path);
    std::cout << path << ": well; " << declaration.fields.size() << " fields, "
              << declaration.meta_data.size() << " members of meta_data\n";
    if (!declaration.source.empty()) {
      std::cout << "Row for `freshet policy set sources`: " << to_json(declaration.source) << '\n';
    }
  }
  return ExitCode::done;
}

ScheduledRun scheduled_run(const Flags& flags, ScheduledRun::IfUnset if_unset) {
  ScheduledRun run{flags.providers, {}, if_unset, std::nullopt};
  for (const std::string& path : flags.declared) {
    run.files.push_back(read_source_file(path));
  }
  if (flags.until_idle >= 0) {
    run.until_idle = std::chrono::milliseconds{static_cast<std::int64_t>(flags.until_idle * 1000)};
  }
  return run;
}

int run(const Flags& flags, const Context& context, const CleanFunction& clean) {
  const int modes = (flags.list ? 1 : 0) + (flags.status ? 1 : 0) + (flags.scheduled ? 1 : 0) +
                    (flags.describe.empty() ? 0 : 1);
  const bool names_providers = !flags.providers.empty() || !flags.declared.empty();
  if (modes > 1 || (modes == 1 && !flags.scheduled && names_providers)) {
    throw StartupError{
        "produce takes providers, or one of --list, --describe, --status and --scheduled"};
  }
  if (flags.scheduled) {
    return run_scheduled(scheduled_run(flags, ScheduledRun::IfUnset::all), context);
  }
  if (flags.list) {
    return run_list(context.config, flags.json);
  }
  if (!flags.describe.empty()) {
    return run_describe(flags.describe, context.config);
  }
  if (flags.status) {
    return run_status(context, flags.json);
  }
  const auto wanted = wanted_providers(flags, context.config);
  if (flags.check) {
    return run_check(flags);
  }
  return run_produce(flags, wanted, context, clean);
}

}  // namespace

void add_run_flags(CLI::App& command, RunFlags& flags) {
  command.add_option("--limit", flags.limit, "Stop after so many records")
      ->check(CLI::PositiveNumber);
  command.add_option("--max-pages", flags.max_pages, "Stop after so many list requests")
      ->check(CLI::PositiveNumber);
  command.add_flag("--skip-errors", flags.skip_errors,
                   "Go on with the next batch after an error; exit 1 at the end");
  command.add_flag("--restart", flags.restart, "Start anew although the last run was interrupted");
  command.add_flag("--accept-fewer", flags.accept_fewer,
                   "Take the run for complete although earlier full runs had far more records");
  command.add_flag("--dry-run", flags.dry_run,
                   "Print raw sightings, one a line, and write nothing to Kafka");
  command.add_flag("--cleaned", flags.cleaned, "With --dry-run: print what clean makes of them");
  command.add_option("--rejects", flags.rejects, "Write what was dropped or rejected to this file");
}

int run_providers(const std::vector<std::unique_ptr<Provider>>& wanted, const RunFlags& given,
                  const Context& context, const CleanFunction& clean) {
  Flags flags;
  flags.date = given.date;
  flags.limit = given.limit;
  flags.max_pages = given.max_pages;
  flags.rejects = given.rejects;
  flags.skip_errors = given.skip_errors;
  flags.restart = given.restart;
  flags.accept_fewer = given.accept_fewer;
  flags.dry_run = given.dry_run;
  flags.cleaned = given.cleaned;
  return run_produce(flags, wanted, context, clean);
}

void add_producer_commands(CLI::App& root, Commands& commands, CleanFunction clean) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* produce = root.add_subcommand(
      "produce", "Read what providers offer and put each sighting on media.raw.v1");
  produce->add_option("PROVIDER", flags->providers,
                      "Providers by command name, side by side (one after the other with "
                      "--dry-run)");
  produce
      ->add_option("--provider", flags->declared,
                   "A source that a file describes (docs/adding-a-source.md)")
      ->check(CLI::ExistingFile);
  produce->add_flag("--check", flags->check,
                    "With --provider: only say what is wrong with the file, and where");
  produce->add_option("--date", flags->date, "Day to read, YYYY-MM-DD (providers read by date)");
  produce->add_option("--limit", flags->limit, "Stop after so many records")
      ->check(CLI::PositiveNumber);
  produce->add_option("--max-pages", flags->max_pages, "Stop after so many list requests")
      ->check(CLI::PositiveNumber);
  produce->add_option("--initial-params", flags->initial_params,
                      "Query parameters of the first list request, a JSON object");
  produce
      ->add_option("--only-params", flags->only_params,
                   "Ask for exactly these query parameters, a JSON object or a list of them "
                   "(may be repeated)")
      ->take_all()
      ->expected(1);
  produce->add_option("--additional-params", flags->additional_params,
                      "Query parameters laid over those of every list request, a JSON object");
  produce->add_option("--slice", flags->slice, "One slice of time, START/END, undivided");
  produce->add_flag("--skip-errors", flags->skip_errors,
                    "Go on with the next batch after an error; exit 1 at the end");
  produce->add_flag("--restart", flags->restart,
                    "Start anew although the last run was interrupted");
  produce->add_flag("--accept-fewer", flags->accept_fewer,
                    "Take the run for complete although the source announced more records, or "
                    "earlier full runs had far more");
  produce->add_flag("--dry-run", flags->dry_run,
                    "Print raw sightings, one a line, and write nothing to Kafka");
  produce->add_flag("--cleaned", flags->cleaned, "With --dry-run: print what clean makes of them");
  produce->add_option("--rejects", flags->rejects,
                      "Write what was dropped or rejected to this file");
  produce->add_flag("--list", flags->list, "Name all providers");
  produce->add_option("--describe", flags->describe, "Print a page in markdown on one provider");
  produce->add_flag("--status", flags->status,
                    "Print how the last run of each provider went, and when the next one is due");
  produce->add_flag("--scheduled", flags->scheduled,
                    "Run providers when their schedules say so: those named, or those of "
                    "produce.scheduled, or all");
  produce
      ->add_option("--until-idle", flags->until_idle,
                   "With --scheduled: end when nothing was due for SECONDS; exit 1 if a run failed")
      ->expected(0, 1)
      ->check(CLI::Range(0.0, 86'400.0))
      ->default_str("0")
      ->type_name("SECONDS");
  produce->add_flag("--json", flags->json, "With --list or --status: JSON instead of a table");
  produce->footer("Example: freshet produce metropolitan_museum --limit 200");
  add_tsv_command(*produce, commands, clean);
  add_common_crawl_command(*produce, commands);
  add_protocol_commands(*produce, commands, clean);
  CLI::App* scheduled = produce->add_subcommand(
      "scheduled", "As --scheduled, but only providers of produce.scheduled: what `up` runs");
  scheduled->footer("Example: freshet produce scheduled --produce-scheduled all");
  commands.on_run(scheduled, [](const Context& context) {
    return run_scheduled({.providers = {},
                          .files = {},
                          .if_unset = ScheduledRun::IfUnset::none,
                          .until_idle = std::nullopt},
                         context);
  });
  commands.on_run(produce, [flags, clean = std::move(clean)](const Context& context) {
    return run(*flags, context, clean);
  });
}

}  // namespace freshet
