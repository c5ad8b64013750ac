#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>

#include "core/check.hpp"
#include "core/stop.hpp"
#include "operate/broker.hpp"
#include "operate/lag.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

struct Flags {
  bool json = false;
  bool watch = false;
  double every_seconds = 2;
  std::optional<int> wait_seconds;
  std::string group;
};

/// Reads what `lags` have unread, up to the limits of lag.hpp, and fills them in.
void measure(kafka::Consumer& consumer, const Config::Kafka& config,
             std::vector<PartitionLag>& lags, const std::stop_token& stop) {
  std::map<kafka::TopicPartition, LagSample> samples;
  std::map<kafka::TopicPartition, PartitionLag*> open;
  for (PartitionLag& lag : lags) {
    const kafka::TopicPartition at{config.prefixed(lag.at.topic), lag.at.partition};
    samples[at].read_to = lag.next;
    if (lag.next < lag.end) {
      open[at] = &lag;
    }
  }
  const auto assign_open = [&] {
    std::vector<kafka::TopicPartitionOffset> from;
    from.reserve(open.size());
    for (const auto& [at, lag] : open) {
      from.push_back({at, samples[at].read_to});
    }
    require(consumer.assign(from));
  };
  assign_open();
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!open.empty() && !stop.stop_requested() && std::chrono::steady_clock::now() < until) {
    const auto polled = consumer.poll(500ms, 2'000);
    if (!polled) {
      continue;  // what stays unread is estimated
    }
    bool sampled = false;
    for (const kafka::Message& message : polled->messages) {
      const kafka::TopicPartition at{std::string{message.topic()}, message.partition()};
      const auto found = open.find(at);
      if (found == open.end()) {
        continue;
      }
      const PartitionLag& lag = *found->second;
      LagSample& sample = samples[at];
      if (message.offset() >= lag.end) {
        sample.read_to = lag.end;  // came after the ends were asked for
        open.erase(found);
        sampled = true;
        continue;
      }
      if (sample.records++ == 0) {
        sample.first_at = message.timestamp();
      }
      sample.read_to = kafka::Offset{message.offset().value + 1};
      const bool is_long = lag.end.value - lag.next.value > kExactSpan;
      if (sample.read_to >= lag.end || (is_long && sample.records >= kSampleRecords)) {
        open.erase(found);
        sampled = true;
      }
    }
    for (const kafka::TopicPartition& at : polled->ends) {
      if (const auto found = open.find(at); found != open.end()) {
        samples[at].read_to = found->second->end;  // the rest holds no record
        open.erase(found);
        sampled = true;
      }
    }
    if (sampled && !open.empty()) {
      assign_open();  // spares the rest of what was sampled
    }
  }
  require(consumer.unassign());
  const UtcTime now = SystemClock{}.now();
  for (PartitionLag& lag : lags) {
    apply_sample(lag, samples[{config.prefixed(lag.at.topic), lag.at.partition}], now);
  }
}

int run_lag(const Context& context, const Flags& flags) {
  const Config::Kafka& config = context.config.kafka;
  kafka::Admin admin{config};
  require_broker(admin);
  kafka::Consumer consumer{config, reader_options()};
  std::vector<KnownGroup> wanted;
  for (const KnownGroup& known : known_groups()) {
    if (flags.group.empty() || flags.group == known.name) {
      wanted.push_back(known);
    }
  }
  const auto started = std::chrono::steady_clock::now();
  while (true) {
    // In the order of the flow: what a group has done before it is asked is seen by the next one.
    std::vector<GroupLag> groups;
    std::int64_t behind = 0;
    for (const KnownGroup& known : wanted) {
      groups.push_back(read_lag(known, config, admin, consumer, context.stop));
      behind += groups.back().records();
    }
    const auto waited = std::chrono::steady_clock::now() - started;
    const bool is_over = !flags.watch && (!flags.wait_seconds || behind == 0 ||
                                          waited >= std::chrono::seconds{*flags.wait_seconds});
    if (flags.watch || is_over || context.stop.stop_requested()) {
      std::cout << (flags.json ? format_lag_json(groups) : format_lag_table(groups)) << std::flush;
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
    wait_for_stop(context.stop, std::chrono::milliseconds{static_cast<int>(pause * 1000)});
    if (flags.watch && !flags.json) {
      std::cout << '\n';
    }
  }
}

}  // namespace

GroupLag read_lag(const KnownGroup& known, const Config::Kafka& config, kafka::Admin& admin,
                  kafka::Consumer& consumer, const std::stop_token& stop) {
  const std::string group = config.prefixed(known.name);
  const auto state = require(admin.describe_group(group));
  GroupLag result{std::string{known.name}, state.state, state.members, {}};
  std::vector<kafka::TopicPartition> partitions;
  for (const std::string_view topic : known.topics) {
    std::ranges::move(partitions_of(consumer, config.prefixed(topic)),
                      std::back_inserter(partitions));
  }
  // The offsets before the ends: what the group has made of what it had read then lies before
  // these.
  const auto committed = require(admin.group_offsets(group, partitions));
  for (const kafka::TopicPartition& at : partitions) {
    const auto ends = require(consumer.watermarks(at, 10s));
    PartitionLag lag;
    lag.at = {at.topic.substr(config.topic_prefix.size()), at.partition};
    if (const auto found = committed.find(at); found != committed.end()) {
      lag.committed = found->second;
    }
    lag.next = next_to_read(lag.committed, ends.low);
    lag.end = std::max(ends.high, lag.next);
    result.partitions.push_back(std::move(lag));
  }
  measure(consumer, config, result.partitions, stop);
  return result;
}

void add_lag_command(CLI::App& root, Commands& commands) {
  CLI::App* command = root.add_subcommand(
      "lag", "How far each group is behind, in records and in seconds, also one that is dead");
  const auto flags = std::make_shared<Flags>();
  std::vector<std::string> groups;
  for (const KnownGroup& known : known_groups()) {
    groups.emplace_back(known.name);
  }
  command->add_option("--group", flags->group, "Only this group")->check(CLI::IsMember(groups));
  command->add_flag("--json", flags->json, "Print JSON; one line a round with --watch");
  auto* watch = command->add_flag("--watch", flags->watch, "Again and again until Ctrl-C");
  command->add_option("--every", flags->every_seconds, "Seconds between two rounds of --watch")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command
      ->add_option("--wait", flags->wait_seconds,
                   "Wait until nothing is unread; exit 1 if that takes longer than so many seconds")
      ->check(CLI::Range(0, 86'400))
      ->excludes(watch);
  command->footer("Example:\n  freshet lag --group sink.postgres --watch");
  commands.on_run(command, [flags](const Context& context) { return run_lag(context, *flags); });
}

}  // namespace freshet
