#include "operate/replay.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/time.hpp"
#include "operate/broker.hpp"
#include "operate/stores.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPostgresSink = "sink.postgres";

// ConsumerOptions::session_timeout; the broker looks once more a little later.
constexpr int kSessionSeconds = 10;

struct Flags {
  std::string group;
  bool from_start = false;
  std::string to_time;
  bool json = false;
  int wait_seconds = kSessionSeconds + 3;
};

kafka::Offset target_of(kafka::Consumer& consumer, const kafka::TopicPartition& at,
                        const std::optional<UtcTime>& time) {
  const auto ends = require(consumer.watermarks(at, 10s));
  if (!time) {
    return ends.low;
  }
  // Nothing that new: the group goes on at the end.
  return require(consumer.offset_for_time(at, *time, 10s)).value_or(ends.high);
}

void print(const std::vector<kafka::TopicPartitionOffset>& targets,
           const std::map<kafka::TopicPartition, kafka::Offset>& before, bool as_json) {
  json::array list;
  Table table{
      {{"TOPIC"}, {"PARTITION", Align::right}, {"WAS", Align::right}, {"IS", Align::right}}};
  for (const auto& [at, offset] : targets) {
    const auto was = before.find(at);
    list.push_back(
        json::object{{"topic", at.topic},
                     {"partition", at.partition.value},
                     {"was", was == before.end() ? json::value{} : json::value(was->second.value)},
                     {"is", offset.value}});
    table.add({at.topic, std::to_string(at.partition.value),
               was == before.end() ? "none" : std::to_string(was->second.value),
               std::to_string(offset.value)});
  }
  std::cout << (as_json ? to_json(list) + "\n" : table.text());
}

/// A static member that was stopped stays in the group until its session ends (10 s): from outside
/// it looks like one that runs.
/// @error RefusedError: there are members after that time.
void wait_for_members_to_leave(kafka::Admin& admin, const std::string& group, int seconds,
                               const std::stop_token& stop) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
  while (true) {
    const auto state = require(admin.describe_group(group));
    if (state.members == 0) {
      return;
    }
    if (std::chrono::steady_clock::now() >= until || stop.stop_requested()) {
      throw RefusedError{"group " + group + " has " + std::to_string(state.members) +
                         " members: stop them first"};
    }
    log::info("members_awaited", {{"group", group}, {"members", state.members}});
    wait_for_stop(stop, 500ms);
  }
}

int run_replay(const Context& context, const Flags& flags) {
  if (!flags.from_start && flags.to_time.empty()) {
    throw StartupError{"replay needs --from-start or --to-time"};
  }
  std::optional<UtcTime> time;
  if (!flags.to_time.empty()) {
    time = parse_time(flags.to_time);
    if (!time) {
      throw StartupError{"--to-time " + flags.to_time + " is not a time like 2026-11-21T00:19:33Z"};
    }
  }
  const auto known = std::find_if(known_groups().begin(), known_groups().end(),
                                  [&](const KnownGroup& one) { return one.name == flags.group; });
  const Config::Kafka& config = context.config.kafka;
  const std::string group = config.prefixed(known->name);
  const std::string topic = config.prefixed(known->topics.front());
  kafka::Admin admin{config};
  require_broker(admin);
  kafka::Consumer consumer{config, reader_options()};

  wait_for_members_to_leave(admin, group, flags.wait_seconds, context.stop);
  std::vector<kafka::TopicPartitionOffset> targets;
  const auto partitions = partitions_of(consumer, topic);
  targets.reserve(partitions.size());
  for (const kafka::TopicPartition& at : partitions) {
    targets.push_back({at, target_of(consumer, at, time)});
  }
  const auto before = require(admin.group_offsets(group, partitions));

  // The database first: with it set and the group not, the sink still starts from the database. It
  // is the other way round that would look done and change nothing.
  if (known->name == kPostgresSink) {
    std::map<std::int32_t, std::int64_t> next_offsets;
    for (const auto& [at, offset] : targets) {
      next_offsets[at.partition.value] = offset.value;
    }
    if (const auto set =
            set_postgres_offsets(context.config.postgres.dsn, group, topic, next_offsets);
        !set) {
      const auto error = set.error();
      if (error.errc() == Errc::unreachable) {
        throw StartupError{error.message()};
      }
      throw WorkFailed{error.message()};
    }
  }
  if (const auto set = admin.set_group_offsets(group, targets); !set) {
    const auto error = set.error();
    if (error.errc() == Errc::store_refused) {
      throw RefusedError{error.message()};  // a member joined meanwhile
    }
    throw WorkFailed{error.message()};
  }
  print(targets, before, flags.json);
  return ExitCode::done;
}

}  // namespace

void add_replay_command(CLI::App& root, Commands& commands) {
  CLI::App* command = root.add_subcommand(
      "replay", "Let a group that is stopped read again; exit 3 while it has members");
  const auto flags = std::make_shared<Flags>();
  std::vector<std::string> groups;
  for (const KnownGroup& known : known_groups()) {
    groups.emplace_back(known.name);
  }
  command->add_option("group", flags->group, "The group")->required()->check(CLI::IsMember(groups));
  // No option group, which would be a command without a name: help and completion list those.
  auto* from_start =
      command->add_flag("--from-start", flags->from_start, "From the first record that is kept");
  command
      ->add_option("--to-time", flags->to_time,
                   "From the first record that is not older: 2026-11-21T00:19:33Z")
      ->excludes(from_start);
  command
      ->add_option("--wait", flags->wait_seconds,
                   "Seconds to wait for members to leave; those that were stopped need ten")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print the offsets as JSON");
  command->footer("Example:\n  freshet replay sink.elasticsearch --from-start");
  commands.on_run(command, [flags](const Context& context) { return run_replay(context, *flags); });
}

}  // namespace freshet
