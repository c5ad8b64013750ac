#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <memory>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/output.hpp"
#include "core/stop.hpp"
#include "operate/broker.hpp"
#include "operate/lag.hpp"
#include "operate/lag_exporter.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kRunsEvery = 15s;

struct Flags {
  bool json = false;
  bool watch = false;
  double every_seconds = 2;
  double over_seconds = 1;
  std::optional<int> wait_seconds;
  std::string group;
  std::string serve;  ///< `host:port`; empty: print
};

std::vector<GroupLag> read_positions_of(const std::vector<Role>& roles, const Config::Kafka& config,
                                        kafka::Admin& admin, kafka::Consumer& consumer) {
  std::vector<GroupLag> groups;
  for (const Role& role : roles) {
    GroupLag group;
    group.group = role.name;
    group.partitions = read_positions(role, config, admin, consumer);
    groups.push_back(std::move(group));
  }
  return groups;
}

void print(const std::vector<GroupLag>& groups, const Flags& flags) {
  if (flags.json) {
    print_result(format_lag_json(groups));
  } else if (flags.watch) {
    print_result(format_lag_table(groups, LagRows::sums) + "\n");
  } else {
    print_result(format_lag_table(groups));
  }
}

/// Measures until it is told to stop, and shows the result to whoever asks at `address`.
int serve_lag(const Context& context, const Flags& flags, const std::vector<Role>& wanted) {
  MetricsServer server{context.metrics, flags.serve};
  log::info("metrics_served", {{"address", server.address()}});
  LagExporter exporter{context.metrics};
  std::atomic<bool> is_up = true;
  server.add_component("lag", [&is_up]() -> std::optional<std::string> {
    return is_up ? std::nullopt : std::optional<std::string>{"the broker does not answer"};
  });
  LagRounds rounds;
  std::chrono::steady_clock::time_point next_runs;
  const std::chrono::milliseconds every{static_cast<int>(flags.every_seconds * 1000)};
  while (!context.stop.stop_requested()) {
    try {
      kafka::Admin admin{context.config.kafka};
      kafka::Consumer consumer{context.config.kafka, reader_options()};
      while (!context.stop.stop_requested()) {
        std::vector<GroupLag> groups;
        for (const Role& role : wanted) {
          groups.push_back(read_lag(role, context.config.kafka, admin, consumer, context.stop));
        }
        rounds.add(std::chrono::steady_clock::now(), groups);
        exporter.show(groups, SystemClock{}.now());
        if (std::chrono::steady_clock::now() >= next_runs) {
          exporter.show_sources(read_source_runs(context));
          next_runs = std::chrono::steady_clock::now() + kRunsEvery;
        }
        is_up = true;
        wait_for_stop(context.stop, every);
      }
    } catch (const WorkFailed& error) {
      log::warn("lag_not_measured", {{"text", error.what()}});
      exporter.show_failure();
      is_up = false;
      wait_for_stop(context.stop, every);
    }
  }
  return ExitCode::done;
}

int run_lag(const Context& context, const Flags& flags) {
  const Config::Kafka& config = context.config.kafka;
  kafka::Admin admin{config};
  require_broker(admin);
  kafka::Consumer consumer{config, reader_options()};
  std::vector<Role> wanted = roles_with_groups();
  std::erase_if(wanted,
                [&](const Role& one) { return !flags.group.empty() && flags.group != one.name; });
  if (!flags.serve.empty()) {
    return serve_lag(context, flags, wanted);
  }
  const auto started = std::chrono::steady_clock::now();
  LagRounds rounds;
  if (!flags.watch && !flags.wait_seconds && flags.over_seconds > 0) {
    auto before = read_positions_of(wanted, config, admin, consumer);
    rounds.add(std::chrono::steady_clock::now(), before);
    wait_for_next_round(context.stop,
                        std::chrono::milliseconds{static_cast<int>(flags.over_seconds * 1000)});
  }
  while (true) {
    // In the order of the flow: what a group has done before it is asked is seen by the next one.
    std::vector<GroupLag> groups;
    std::int64_t behind = 0;
    for (const Role& role : wanted) {
      groups.push_back(read_lag(role, config, admin, consumer, context.stop));
      behind += groups.back().records();
    }
    rounds.add(std::chrono::steady_clock::now(), groups);
    const auto waited = std::chrono::steady_clock::now() - started;
    const bool is_over = !flags.watch && (!flags.wait_seconds || behind == 0 ||
                                          waited >= std::chrono::seconds{*flags.wait_seconds});
    if (flags.watch || is_over || context.stop.stop_requested()) {
      print(groups, flags);
    }
    if (context.stop.stop_requested()) {
      return ExitCode::done;
    }
    if (is_over) {
      if (flags.wait_seconds && behind > 0) {
        throw WorkFailed{std::to_string(behind) + " records are unread after " +
                         std::to_string(*flags.wait_seconds) + " s"};
      }
      return ExitCode::done;
    }
    const double pause = flags.watch ? flags.every_seconds : 0.5;
    wait_for_next_round(context.stop, std::chrono::milliseconds{static_cast<int>(pause * 1000)});
  }
}

}  // namespace

void add_lag_command(CLI::App& root, Commands& commands) {
  CLI::App* command = root.add_subcommand(
      "lag",
      "How far each group is behind, in records and in seconds, and how fast it goes; "
      "also one that is dead");
  const auto flags = std::make_shared<Flags>();
  command->add_option("--group", flags->group, "Only this group")
      ->check(CLI::IsMember(group_names()));
  command->add_flag("--json", flags->json, "Print JSON; one line a round with --watch");
  auto* watch = command->add_flag("--watch", flags->watch, "Again and again until Ctrl-C");
  command
      ->add_option("--every", flags->every_seconds,
                   "Seconds between two rounds of --watch or --serve")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command
      ->add_option("--over", flags->over_seconds,
                   "Seconds over which rates are measured without --watch; 0: do not")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command
      ->add_option("--wait", flags->wait_seconds,
                   "Wait until nothing is unread; exit 1 if that takes longer than so many seconds")
      ->check(CLI::Range(0, 86'400))
      ->excludes(watch);
  command
      ->add_option("--serve", flags->serve,
                   "Serve it as metrics at this address (/metrics), measured every --every seconds")
      ->type_name("HOST:PORT")
      ->excludes(watch);
  command->footer("Example:\n  freshet lag --group sink.postgres --watch");
  commands.on_run(command, [flags](const Context& context) { return run_lag(context, *flags); });
}

}  // namespace freshet
