#include "producers/command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "core/check.hpp"
#include "core/http/curl_client.hpp"
#include "core/log.hpp"
#include "producers/describe.hpp"
#include "producers/kafka_output.hpp"
#include "producers/print_output.hpp"
#include "producers/progress.hpp"
#include "producers/registry.hpp"
#include "producers/rejects_file.hpp"
#include "producers/runner.hpp"
#include "producers/tsv_command.hpp"

namespace freshet {
namespace {

struct Flags {
  std::vector<std::string> providers;
  std::string date;
  std::int64_t limit = 0;
  std::int64_t max_pages = 0;
  std::string initial_params;
  std::vector<std::string> only_params;
  std::string slice;
  std::string rejects;
  std::string describe;
  bool skip_errors = false;
  bool restart = false;
  bool dry_run = false;
  bool cleaned = false;
  bool list = false;
  bool status = false;
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
  if (!flags.slice.empty()) {
    options.slice = parse_slice(flags.slice);
  }
  options.skip_errors = flags.skip_errors;
  options.restart = flags.restart;
  return options;
}

// A mirror has no keys to check; a live source without one would refuse every request.
std::string key_for(const ProviderSpec& spec, const Config& config) {
  if (!spec.credential) {
    return {};
  }
  const auto found = config.provider_keys.find(spec.command);
  if (found != config.provider_keys.end() && !found->second.empty()) {
    return found->second;
  }
  if (!config.http.mirror.empty()) {
    return "mirror";
  }
  if (!spec.credential->is_optional) {
    throw StartupError{spec.command + " needs a key: set providers." + spec.command + "_key or " +
                       spec.credential->original_name};
  }
  return {};
}

std::vector<std::unique_ptr<Provider>> wanted_providers(const Flags& flags) {
  std::vector<std::unique_ptr<Provider>> result;
  for (const std::string& name : flags.providers) {
    const RegisteredProvider* registered = find_provider(name);
    if (registered == nullptr) {
      throw StartupError{"unknown provider '" + name + "'; `freshet produce --list` names all"};
    }
    result.push_back(registered->make());
  }
  if (result.empty()) {
    throw StartupError{"produce needs a provider; `freshet produce --list` names all"};
  }
  return result;
}

/// Counters of this process, by provider command; added as the run's own counts grow.
class RunMetrics {
 public:
  RunMetrics(Metrics& metrics, const std::string& command)
      : emitted_{metrics.counter("freshet_produce_records_emitted_total",
                                 "Sightings handed to the broker", {{"provider", command}})},
        dropped_{metrics.counter("freshet_produce_records_dropped_total",
                                 "Raw records deliberately left out", {{"provider", command}})},
        rejected_{metrics.counter("freshet_produce_records_rejected_total", "Raw records put aside",
                                  {{"provider", command}})} {}

  void update(const Totals& counts) {
    raise(emitted_, counts.at("emitted"), before_[0]);
    raise(dropped_, counts.sum("dropped"), before_[1]);
    raise(rejected_, counts.sum("rejected"), before_[2]);
  }

 private:
  static void raise(Counter& counter, std::int64_t now, std::int64_t& before) {
    if (now > before) {
      counter.add(static_cast<double>(now - before));
      before = now;
    }
  }

  Counter& emitted_;
  Counter& dropped_;
  Counter& rejected_;
  std::int64_t before_[3] = {0, 0, 0};
};

int run_one(Provider& provider, const RunOptions& options, const Context& context, Output& output,
            RejectsFile& rejects) {
  const ProviderSpec& spec = provider.spec();
  http::CurlOptions curl;
  curl.user_agent = context.config.http.user_agent;
  curl.mirror = context.config.http.mirror;
  curl.stop = context.stop;
  http::CurlClient client{curl};
  const SystemClock clock;
  Progress progress{spec.command};
  RunMetrics metrics{context.metrics, spec.command};
  const RunReport report =
      run_provider(provider, options,
                   {.http = client,
                    .sleep = http::sleep_for(context.config.http, context.stop),
                    .http_clock = {},
                    .clock = clock,
                    .output = output,
                    .stop = context.stop,
                    .key = key_for(spec, context.config),
                    .on_refusal = [&](const Refusal& refusal) { rejects.add(refusal); },
                    .on_progress =
                        [&](const Totals& counts, int errors) {
                          progress.update(counts, errors);
                          metrics.update(counts);
                        }});
  metrics.update(report.state.counts);
  if (report.exit_code() != ExitCode::done) {
    const std::string why = report.state.error.empty()
                                ? std::string{to_string(report.state.outcome)}
                                : report.state.error;
    std::cerr << "freshet: " << spec.command << ": " << why << '\n';
  }
  return report.exit_code();
}

int run_produce(const Flags& flags, const Context& context, const CleanFunction& clean) {
  if (flags.cleaned && !flags.dry_run) {
    throw StartupError{"--cleaned goes with --dry-run"};
  }
  const auto wanted = wanted_providers(flags);
  const RunOptions options = run_options(flags);
  RejectsFile rejects{flags.rejects};
  const SystemClock clock;
  std::unique_ptr<MetricsServer> metrics_server;
  std::unique_ptr<Output> output;
  if (flags.dry_run) {
    output = std::make_unique<PrintOutput>(std::cout, flags.cleaned ? clean : CleanFunction{},
                                           [&](const Refusal& refusal) { rejects.add(refusal); });
  } else {
    output = std::make_unique<KafkaOutput>(context.config.kafka, clock, context.stop);
    metrics_server =
        std::make_unique<MetricsServer>(context.metrics, context.config.metrics.listen);
    log::info("metrics_served", {{"address", metrics_server->address()}});
  }
  int exit_code = ExitCode::done;
  for (const auto& provider : wanted) {
    if (context.stop.stop_requested()) {
      return ExitCode::failed;
    }
    exit_code = std::max(exit_code, run_one(*provider, options, context, *output, rejects));
  }
  return exit_code;
}

int run_list(bool as_json) {
  std::vector<std::unique_ptr<Provider>> all;
  std::vector<const ProviderSpec*> specs;
  for (const RegisteredProvider& registered : providers()) {
    all.push_back(registered.make());
    specs.push_back(&all.back()->spec());
  }
  std::cout << list_providers(specs, as_json);
  return ExitCode::done;
}

int run_describe(const std::string& name) {
  Flags flags;
  flags.providers = {name};
  std::cout << describe_provider(wanted_providers(flags).front()->spec());
  return ExitCode::done;
}

int run_status(const Context& context, bool as_json) {
  const auto states = read_run_states(context.config.kafka);
  if (!states) {
    throw StartupError{states.error().message()};
  }
  std::cout << list_states(*states, as_json);
  return ExitCode::done;
}

int run(const Flags& flags, const Context& context, const CleanFunction& clean) {
  const int modes = (flags.list ? 1 : 0) + (flags.status ? 1 : 0) +
                    (flags.describe.empty() ? 0 : 1) + (flags.providers.empty() ? 0 : 1);
  if (modes > 1) {
    throw StartupError{"produce takes providers or one of --list, --describe and --status"};
  }
  if (flags.list) {
    return run_list(flags.json);
  }
  if (!flags.describe.empty()) {
    return run_describe(flags.describe);
  }
  if (flags.status) {
    return run_status(context, flags.json);
  }
  return run_produce(flags, context, clean);
}

}  // namespace

void add_producer_commands(CLI::App& root, Commands& commands, CleanFunction clean) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* produce = root.add_subcommand(
      "produce", "Read what providers offer and put each sighting on media.raw.v1");
  produce->add_option("PROVIDER", flags->providers,
                      "Providers by command name, one after the other");
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
  produce->add_option("--slice", flags->slice, "One slice of time, START/END, undivided");
  produce->add_flag("--skip-errors", flags->skip_errors,
                    "Go on with the next batch after an error; exit 1 at the end");
  produce->add_flag("--restart", flags->restart,
                    "Start anew although the last run was interrupted");
  produce->add_flag("--dry-run", flags->dry_run,
                    "Print raw sightings, one a line, and write nothing to Kafka");
  produce->add_flag("--cleaned", flags->cleaned, "With --dry-run: print what clean makes of them");
  produce->add_option("--rejects", flags->rejects,
                      "Write what was dropped or rejected to this file");
  produce->add_flag("--list", flags->list, "Name all providers");
  produce->add_option("--describe", flags->describe, "Print a page in markdown on one provider");
  produce->add_flag("--status", flags->status, "Print how the last run of each provider went");
  produce->add_flag("--json", flags->json, "With --list or --status: JSON instead of a table");
  produce->footer("Example: freshet produce metropolitan_museum --limit 200");
  add_tsv_command(*produce, commands, clean);
  commands.on_run(produce, [flags, clean = std::move(clean)](const Context& context) {
    return run(*flags, context, clean);
  });
}

}  // namespace freshet
