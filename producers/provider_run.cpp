#include "producers/provider_run.hpp"

#include "core/check.hpp"
#include "core/crawl/archive_client.hpp"
#include "core/text.hpp"
#include "producers/provider_client.hpp"

namespace freshet {
namespace {

/// Counters of this process, by provider command; added as the run's own counts grow.
class RunMetrics {
 public:
  RunMetrics(Metrics& metrics, const std::string& command)
      : metrics_{metrics},
        command_{command},
        emitted_{metrics.counter("freshet_produce_records_emitted_total",
                                 "Sightings handed to the broker", {{"provider", command}})},
        dropped_{metrics.counter("freshet_produce_records_dropped_total",
                                 "Raw records deliberately left out", {{"provider", command}})},
        rejected_{metrics.counter("freshet_produce_records_rejected_total", "Raw records put aside",
                                  {{"provider", command}})},
        skipped_{metrics.counter("freshet_produce_pages_skipped_total",
                                 "Pages and clusters of records passed over after an error",
                                 {{"provider", command}})} {}

  void update(const Totals& counts) {
    raise(emitted_, counts.at("emitted"), before_[0]);
    raise(dropped_, counts.sum("dropped"), before_[1]);
    raise(rejected_, counts.sum("rejected"), before_[2]);
    raise(skipped_, counts.at("skipped"), before_[3]);
  }

  void alert(const Alert& alert) {
    metrics_
        .counter("freshet_produce_alerts_total", "What was raised on ops.alerts.v1",
                 {{"provider", command_}, {"kind", alert.kind}})
        .add();
  }

  void ended(const RunState& state) {
    update(state.counts);
    metrics_
        .counter("freshet_produce_runs_total", "Runs that ended",
                 {{"provider", command_}, {"outcome", std::string{to_string(state.outcome)}}})
        .add();
    gauge("freshet_produce_last_run_end_seconds", "When the last run ended, Unix time",
          static_cast<double>(state.updated_at.millis()) / 1000);
    gauge("freshet_produce_last_run_records", "Records that the last run emitted",
          static_cast<double>(state.counts.at("emitted")));
  }

 private:
  static void raise(Counter& counter, std::int64_t now, std::int64_t& before) {
    if (now > before) {
      counter.add(static_cast<double>(now - before));
      before = now;
    }
  }
  void gauge(const std::string& name, const std::string& help, double value) {
    metrics_.gauge(name, help, {{"provider", command_}}).set(value);
  }

  Metrics& metrics_;
  std::string command_;
  Counter& emitted_;
  Counter& dropped_;
  Counter& rejected_;
  Counter& skipped_;
  std::int64_t before_[4] = {0, 0, 0, 0};
};

// `Gateway|timed out`, in lower case.
std::vector<std::string> texts_of(const std::string& setting) {
  std::vector<std::string> texts;
  for (std::size_t from = 0; from <= setting.size();) {
    const std::size_t bar = std::min(setting.find('|', from), setting.size());
    if (const auto text = trim_space(std::string_view{setting}.substr(from, bar - from));
        !text.empty()) {
      texts.push_back(lower_ascii(text));
    }
    from = bar + 1;
  }
  return texts;
}

std::string work_dir_of(const std::string& command, const Config& config) {
  const std::string& set = config.produce.work_dir;
  return (set.empty() ? config.state.dir + "/produce" : set) + "/" + command;
}

}  // namespace

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

RunReport run_with_config(Provider& provider, RunOptions options, const Config& config,
                          Metrics& metrics, ProviderRunParts parts) {
  const ProviderSpec& spec = provider.spec();
  if (const auto found = config.produce.skip_errors.find(spec.command);
      found != config.produce.skip_errors.end()) {
    options.skipped_texts = texts_of(found->second);
  }
  // Its own: a run that ends early gives up its requests, and the process goes on.
  std::stop_source requests;
  const std::stop_callback pass_on{parts.stop, [&] { requests.request_stop(); }};
  const auto client = provider_client(spec, config, requests.get_token());
  provider.use_files(
      {.places = config.produce.files,
       .work_dir = work_dir_of(spec.command, config),
       .make_client = [&] { return make_archive_client(config, requests.get_token()); },
       .stop = requests.get_token()});
  const SystemClock clock;
  RunMetrics counters{metrics, spec.command};
  RunReport report = run_provider(provider, options,
                                  {.http = *client,
                                   .sleep = http::sleep_for(config.http, requests.get_token()),
                                   .http_clock = {},
                                   .clock = clock,
                                   .output = parts.output,
                                   .stop = parts.stop,
                                   .key = key_for(spec, config),
                                   .limits = provider_limits(spec, config),
                                   .give_up = [&] { requests.request_stop(); },
                                   .on_refusal = std::move(parts.on_refusal),
                                   .on_alert = [&](const Alert& alert) { counters.alert(alert); },
                                   .on_progress =
                                       [&](const Totals& counts, int errors) {
                                         counters.update(counts);
                                         if (parts.on_progress) {
                                           parts.on_progress(counts, errors);
                                         }
                                       }});
  counters.ended(report.state);
  if (report.state.outcome == RunOutcome::finished) {
    provider.clean_up();
  }
  return report;
}

}  // namespace freshet
