#include "operate/replay.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "core/check.hpp"
#include "core/output.hpp"
#include "core/time.hpp"
#include "core/work_rate.hpp"
#include "operate/broker.hpp"
#include "operate/lag.hpp"
#include "operate/replay_plan.hpp"
#include "operate/replay_works.hpp"
#include "operate/stores.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

struct Flags {
  std::string group;
  std::string to;
  bool from_start = false;
  std::string to_time;
  std::vector<std::int32_t> partitions;
  bool dry_run = false;
  bool json = false;
  int wait_seconds = kMembersLeaveSeconds;
  ReplayWorksFlags works;
};

/// What `--to` and its two older forms say.
/// @error StartupError
ReplayTarget target_of(const Flags& flags) {
  const std::string text = flags.from_start ? "start" : flags.to.empty() ? flags.to_time : flags.to;
  if (text.empty()) {
    throw StartupError{"replay needs --to start, an offset, or a time like 2026-11-21T00:19:33Z"};
  }
  const auto target = parse_replay_target(text);
  if (!target) {
    throw StartupError{(flags.to.empty() ? "--to-time " : "--to ") + target.error().message()};
  }
  return *target;
}

kafka::Offset offset_of(kafka::Consumer& consumer, const kafka::TopicPartition& at,
                        const ReplayTarget& target, const kafka::Watermarks& ends) {
  if (const auto* time = std::get_if<UtcTime>(&target)) {
    // Nothing that new: the group goes on at the end.
    return require(consumer.offset_for_time(at, *time, 10s)).value_or(ends.high);
  }
  if (const auto* offset = std::get_if<kafka::Offset>(&target)) {
    return std::clamp(*offset, ends.low, ends.high);
  }
  return ends.low;
}

std::vector<kafka::TopicPartition> partitions_meant(kafka::Consumer& consumer,
                                                    const std::string& topic, const Flags& flags) {
  auto partitions = partitions_of(consumer, topic);
  for (const std::int32_t number : flags.partitions) {
    if (number < 0 || number >= static_cast<std::int32_t>(partitions.size())) {
      throw StartupError{"--partition " + std::to_string(number) + ": " + topic + " has " +
                         std::to_string(partitions.size())};
    }
  }
  if (!flags.partitions.empty()) {
    std::erase_if(partitions, [&](const kafka::TopicPartition& at) {
      return std::ranges::find(flags.partitions, at.partition.value) == flags.partitions.end();
    });
  }
  return partitions;
}

/// Counts what lies between where the group stands and where it is set to.
void count_records(kafka::Consumer& consumer, const Config::Kafka& config, ReplayPlan& plan,
                   const std::stop_token& stop) {
  std::vector<PartitionLag> spans;
  for (const ReplayPartition& one : plan.partitions) {
    PartitionLag span;
    span.at = {one.at.topic.substr(config.topic_prefix.size()), one.at.partition};
    // A group that never committed has read nothing; from here on it reads all there is.
    const kafka::Offset stood = one.was.value_or(one.is);
    span.next = std::min(stood, one.is);
    span.end = std::min(std::max(stood, one.is), one.end);
    spans.push_back(std::move(span));
  }
  measure_unread(consumer, config, spans, stop);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    ReplayPartition& one = plan.partitions[i];
    const bool is_back = one.was && one.is < *one.was;
    (is_back ? one.again : one.skipped) = spans[i].records;
    one.is_estimate = spans[i].is_estimate;
    one.first = spans[i].first_at;
  }
}

/// Where the group stands: what its store says, where it keeps the offsets.
std::map<kafka::TopicPartition, kafka::Offset> standing(
    const Context& context, const Role& role, kafka::Admin& admin,
    const std::vector<kafka::TopicPartition>& partitions) {
  const std::string group = context.config.kafka.prefixed(role.name);
  auto offsets = require(admin.group_offsets(group, partitions));
  if (role.offsets == OffsetsIn::postgres && !partitions.empty()) {
    const std::string& topic = partitions.front().topic;
    const auto stored = read_postgres_offsets(context.config.postgres.dsn, group, topic);
    if (!stored) {
      throw StartupError{stored.error().message()};
    }
    for (const auto& at : partitions) {
      if (const auto found = stored->find(at.partition.value); found != stored->end()) {
        offsets[at] = kafka::Offset{found->second};
      }
    }
  }
  return offsets;
}

ReplayPlan make_plan(const Context& context, const Role& role, const Flags& flags,
                     kafka::Admin& admin, kafka::Consumer& consumer) {
  const ReplayTarget target = target_of(flags);
  const Config::Kafka& config = context.config.kafka;
  const auto partitions = partitions_meant(consumer, config.prefixed(role.topics.front()), flags);
  const auto before = standing(context, role, admin, partitions);
  ReplayPlan plan{std::string{role.name}, {}, 0};
  for (const kafka::TopicPartition& at : partitions) {
    const auto ends = require(consumer.watermarks(at, 10s));
    ReplayPartition one;
    one.at = at;
    one.is = offset_of(consumer, at, target, ends);
    one.end = ends.high;
    if (const auto was = before.find(at); was != before.end()) {
      one.was = was->second;
    }
    plan.partitions.push_back(std::move(one));
  }
  plan.rate = WorkRate::sum(require(admin.group_notes(config.prefixed(role.name), partitions)));
  count_records(consumer, config, plan, context.stop);
  return plan;
}

void set_offsets(const Context& context, const Role& role, const ReplayPlan& plan,
                 kafka::Admin& admin) {
  const std::string group = context.config.kafka.prefixed(role.name);
  // The database first: with it set and the group not, the sink still starts from the database. It
  // is the other way round that would look done and change nothing.
  if (role.offsets == OffsetsIn::postgres) {
    std::map<std::int32_t, std::int64_t> next_offsets;
    for (const ReplayPartition& one : plan.partitions) {
      next_offsets[one.at.partition.value] = one.is.value;
    }
    if (const auto set =
            set_postgres_offsets(context.config.postgres.dsn, group,
                                 context.config.kafka.prefixed(role.topics.front()), next_offsets);
        !set) {
      const auto error = set.error();
      if (error.errc() == Errc::unreachable || error.errc() == Errc::timed_out) {
        throw StartupError{error.message()};
      }
      throw WorkFailed{error.message()};
    }
  }
  std::vector<kafka::TopicPartitionOffset> targets;
  for (const ReplayPartition& one : plan.partitions) {
    targets.push_back({one.at, one.is});
  }
  if (const auto set = admin.set_group_offsets(group, targets); !set) {
    const auto error = set.error();
    if (error.errc() == Errc::store_refused) {
      throw RefusedError{error.message()};  // a member joined meanwhile
    }
    throw WorkFailed{error.message()};
  }
}

int run_replay(const Context& context, const Flags& flags) {
  const Role& role = *find_role(flags.group);
  static_cast<void>(target_of(flags));
  const Config::Kafka& config = context.config.kafka;
  kafka::Admin admin{config};
  require_broker(admin);
  kafka::Consumer consumer{config, reader_options()};
  if (!flags.dry_run) {
    wait_for_members_to_leave(admin, config.prefixed(role.name), flags.wait_seconds, context.stop);
  }
  const ReplayPlan plan = make_plan(context, role, flags, admin, consumer);
  if (context.stop.stop_requested()) {
    throw WorkFailed{"stopped before anything was set"};
  }
  std::cerr << describe_replay(plan) << (flags.dry_run ? " (nothing is set)" : "") << '\n';
  if (!flags.dry_run) {
    set_offsets(context, role, plan, admin);
  }
  print_result(flags.json ? format_replay_json(plan) : format_replay_table(plan));
  return ExitCode::done;
}

}  // namespace

void add_replay_command(CLI::App& root, Commands& commands) {
  CLI::App* command = root.add_subcommand(
      "replay",
      "Let a group that is stopped read again (exit 3 while it has members), or write works again");
  const auto flags = std::make_shared<Flags>();
  auto* group =
      command->add_option("group", flags->group, "The group")->check(CLI::IsMember(group_names()));
  // No option group, which would be a command without a name: help and completion list those.
  auto* to = command->add_option("--to", flags->to,
                                 "From `start`, from the first record that is not older than a "
                                 "time (2026-11-21T00:19:33Z), or from an offset");
  auto* from_start = command->add_flag("--from-start", flags->from_start, "As --to start");
  auto* to_time = command->add_option("--to-time", flags->to_time, "As --to TIME");
  to->excludes(from_start)->excludes(to_time);
  to_time->excludes(from_start);
  command->add_option("--partition", flags->partitions, "Only this partition; repeatable");
  command->add_flag("--dry-run", flags->dry_run,
                    "Say what would be read or written again, and do nothing");
  command
      ->add_option("--wait", flags->wait_seconds,
                   "Seconds to wait for members to leave (those that were stopped need ten); with "
                   "works: until the catalogue shows a batch of them")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print what was done as JSON");
  add_replay_works_flags(*command, flags->works);
  command->footer(
      "Examples:\n  freshet replay sink.elasticsearch --to start --dry-run\n"
      "  freshet replay --source met --since 2026-11-21T00:00:00Z");
  commands.on_run(command, [flags, group](const Context& context) {
    if (flags->works.is_any()) {
      if (group->count() > 0 || flags->from_start || !flags->to.empty() ||
          !flags->to_time.empty()) {
        throw StartupError{"replay sets a group back, or writes works again; not both"};
      }
      flags->works.wait_seconds = std::max(flags->wait_seconds, 1);
      return replay_works(context, flags->works, {flags->dry_run, flags->json});
    }
    if (group->count() == 0) {
      throw StartupError{"replay needs a group, or --works, --source or --since"};
    }
    return run_replay(context, *flags);
  });
}

}  // namespace freshet
