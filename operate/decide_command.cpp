#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <set>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/kafka/producer.hpp"
#include "core/log.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"
#include "operate/decide.hpp"
#include "operate/policy.hpp"
#include "operate/removals.hpp"
#include "operate/reports.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

struct Flags {
  std::vector<std::string> works;
  std::string media;
  std::string by;
  std::string why;
  std::int64_t report = 0;  ///< 0: none
  std::string undone;       ///< kind to undo; empty: all that hold
  int wait_seconds = 10;
  bool json = false;
};

struct Line {
  std::string work_key;
  Decision decision;
  bool is_shown = false;  ///< the catalogue has a record with it
};

/// Present values, by message key.
using Present = std::map<std::string, Decision, std::less<>>;

// The topic is the truth: the partitions of these works are read to their ends.
Present read_present(const Context& context, kafka::Consumer& consumer,
                     const std::vector<NamedWork>& works, std::int32_t partitions) {
  std::set<std::string, std::less<>> keys;
  std::set<std::int32_t> numbers;
  for (const NamedWork& work : works) {
    keys.insert(work.key);
    numbers.insert(partition_for_key(work.key, partitions));
  }
  std::vector<kafka::TopicPartitionOffset> from;
  from.reserve(numbers.size());
  for (const std::int32_t number : numbers) {
    from.push_back({{context.config.kafka.prefixed(topics::kDecisions), kafka::Partition{number}},
                    kafka::Consumer::kBeginning});
  }
  Present present;
  read_to_end(consumer, from, context.stop, [&](const kafka::Message& message) {
    const auto named = message.key() ? parse_decision_key(*message.key()) : std::nullopt;
    if (named && message.value() && keys.contains(named->work_key)) {
      if (auto decision = parse_decision(*message.key(), *message.value())) {
        present.insert_or_assign(std::string{*message.key()}, std::move(*decision));
      }
    }
    return true;
  });
  if (context.stop.stop_requested()) {
    throw WorkFailed{"stopped before anything was decided"};
  }
  return present;
}

std::vector<Line> make_decisions(const std::string& action, const Flags& flags,
                                 const std::vector<NamedWork>& works, Present& present) {
  const std::string id = new_decision_id();
  std::vector<Line> lines;
  for (const NamedWork& work : works) {
    bool is_any = false;
    for (const DecisionKind kind : {DecisionKind::takedown, DecisionKind::sensitive,
                                    DecisionKind::erase, DecisionKind::reemit}) {
      const auto found = present.find(make_decision_key(work.key, kind));
      const bool holds = found != present.end() && found->second.active();
      const bool is_meant = action == kUndo
                                ? kind != DecisionKind::reemit && holds &&
                                      (flags.undone.empty() || flags.undone == to_string(kind))
                                : action == to_string(kind);
      if (!is_meant) {
        continue;
      }
      is_any = true;
      lines.push_back(
          {work.key,
           decide_next(work.key, kind,
                       found == present.end() ? std::nullopt : std::optional{found->second},
                       {SystemClock{}.now(), id, action, flags.by, flags.why}),
           false});
    }
    if (!is_any) {
      throw RefusedError{"nothing is decided about " + work.key + " that could be undone"};
    }
  }
  return lines;
}

void send(const Context& context, const std::vector<Line>& lines, std::int32_t partitions) {
  kafka::Producer producer{context.config.kafka, {}};
  const std::string topic = context.config.kafka.prefixed(topics::kDecisions);
  const kafka::Headers headers{
      {std::string{schema_header::kName}, std::string{schema_header::kDecision}}};
  for (const Line& line : lines) {
    const std::string key = make_decision_key(line.work_key, line.decision.kind);
    const std::string value = encode_decision(line.decision);
    require(producer.produce(
        {.topic = topic,
         .partition = kafka::Partition{partition_for_key(line.work_key, partitions)},
         .key = key,
         .value = value,
         .headers = &headers,
         .timestamp = std::nullopt}));
  }
  require(producer.flush(30s));
}

// A reemit leaves no trace in the record, so any record written after it was sent shows it.
bool shows(const kafka::Message& message, const Line& line) {
  if (message.key() != line.work_key || !message.value()) {
    return false;
  }
  return line.decision.kind == DecisionKind::reemit ||
         message.value()->find(line.decision.history.back().decision_id) != std::string_view::npos;
}

/// Reads the catalogue from where it ended before the decisions were sent.
void await_shown(const Context& context, kafka::Consumer& consumer,
                 const std::vector<kafka::TopicPartitionOffset>& from, int wait_seconds,
                 std::vector<Line>& lines) {
  require(consumer.assign(from));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{wait_seconds};
  const auto is_open = [](const Line& line) { return !line.is_shown; };
  while (std::ranges::any_of(lines, is_open) && std::chrono::steady_clock::now() < deadline &&
         !context.stop.stop_requested()) {
    const auto polled = consumer.poll(200ms, 1'000);
    if (!polled) {
      continue;  // the broker is away: the decision is safe, and the time runs out
    }
    for (const kafka::Message& message : polled->messages) {
      for (Line& line : lines) {
        line.is_shown = line.is_shown || shows(message, line);
      }
    }
  }
}

void print(const std::vector<Line>& lines, bool as_json) {
  if (as_json) {
    json::array out;
    for (const Line& line : lines) {
      const DecisionEntry& last = line.decision.history.back();
      out.push_back(json::object{{"work_key", line.work_key},
                                 {"identifier", work_identifier(line.work_key)},
                                 {"kind", to_string(line.decision.kind)},
                                 {"active", line.decision.active()},
                                 {"decision_id", last.decision_id},
                                 {"at", format_millis(last.at)},
                                 {"in_catalogue", line.is_shown}});
    }
    std::cout << to_json(out) << '\n';
    return;
  }
  Table table{{{"WORK", Align::left},
               {"KIND", Align::left},
               {"HOLDS", Align::left},
               {"IN CATALOGUE", Align::left},
               {"DECISION", Align::left}}};
  for (const Line& line : lines) {
    table.add({line.work_key, std::string{to_string(line.decision.kind)},
               line.decision.active() ? "yes" : "no", line.is_shown ? "yes" : "not yet",
               line.decision.history.back().decision_id});
  }
  std::cout << table.text();
}

void check_texts(const Flags& flags) {
  if (const auto fault = fault_of_decision_text(flags.by, kMostDecisionBy)) {
    throw StartupError{"--by " + *fault};
  }
  if (const auto fault = fault_of_decision_text(flags.why, kMostDecisionWhy)) {
    throw StartupError{"--why " + *fault};
  }
}

int run_decide(const Context& context, const std::string& action, const Flags& flags) {
  check_texts(flags);
  const Config& config = context.config;
  kafka::Admin admin{config.kafka};
  require_broker(admin);
  const auto works =
      flags.report != 0
          ? std::vector<NamedWork>{{work_of_report(config.postgres.dsn, flags.report)}}
          : find_works({flags.works, parse_media_type(flags.media)},
                       [&] { return open_work_lookup(config.postgres.dsn); });
  for (const NamedWork& work : works) {
    if (!work.is_known) {
      log::warn("work_not_seen_yet", {{"work", work.key}});
    }
  }
  kafka::Consumer consumer{config.kafka, reader_options()};
  const auto partitions = static_cast<std::int32_t>(
      partitions_of(consumer, config.kafka.prefixed(topics::kDecisions)).size());
  Present present = read_present(context, consumer, works, partitions);
  std::vector<Line> lines = make_decisions(action, flags, works, present);

  std::map<kafka::TopicPartition, kafka::Offset> ends;
  for (const Line& line : lines) {
    const kafka::TopicPartition at{config.kafka.prefixed(topics::kCatalog),
                                   kafka::Partition{partition_for_key(line.work_key, partitions)}};
    if (!ends.contains(at)) {
      ends[at] = require(consumer.watermarks(at, 10s)).high;
    }
  }
  send(context, lines, partitions);
  // The decision is safe now, whatever comes of this: the reports could be closed by hand.
  if (flags.report != 0) {
    close_reports(config.postgres.dsn, flags.report, action, flags.by, flags.why);
  }
  if (flags.wait_seconds > 0) {
    std::vector<kafka::TopicPartitionOffset> from;
    from.reserve(ends.size());
    for (const auto& [at, end] : ends) {
      from.push_back({at, end});
    }
    await_shown(context, consumer, from, flags.wait_seconds, lines);
  }
  print(lines, flags.json);
  const auto open = std::ranges::count_if(lines, [](const Line& line) { return !line.is_shown; });
  if (open > 0 && flags.wait_seconds > 0) {
    throw WorkFailed{
        fmt::format("recorded, and {} not in the catalogue after {} s: it will be once `process "
                    "catalogue` runs",
                    open, flags.wait_seconds)};
  }
  return ExitCode::done;
}

void add_decision(CLI::App& group, Commands& commands, const std::string& action,
                  const std::string& about) {
  CLI::App* command = group.add_subcommand(action, about);
  const auto flags = std::make_shared<Flags>();
  CLI::Option* const works = command->add_option(
      "works", flags->works, "UUIDs (present or former) or keys; or a provider and its identifier");
  if (action == kUndo || action == "reemit") {
    works->required();
  } else {
    CLI::Option* const report = command->add_option(
        "--report", flags->report,
        "In place of works: the work that was reported so; closes all open reports of it");
    report->check(CLI::PositiveNumber)->excludes(works);
    command->callback([flags] {
      if (flags->works.empty() && flags->report == 0) {
        throw CLI::RequiredError{"works, or --report"};
      }
    });
  }
  command->add_option("--by", flags->by, "Who decides")->required();
  command->add_option("--why", flags->why, "Why; it is kept for good")->required();
  command->add_option("--media", flags->media, "Media type of a provider's identifier")
      ->check(CLI::IsMember({"image", "audio"}));
  if (action == kUndo) {
    command->add_option("--kind", flags->undone, "Undo only this; else all that holds")
        ->check(CLI::IsMember({"takedown", "sensitive", "erase"}));
  }
  command
      ->add_option("--wait", flags->wait_seconds,
                   "Seconds to wait until the catalogue has it; 0: do not wait")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print what was decided as JSON");
  command->footer(fmt::format(
      "Example:\n  freshet decide {} met 437133 --by \"A. Person\" --why \"request 4711\"",
      action));
  commands.on_run(command, [action, flags](const Context& context) {
    return run_decide(context, action, *flags);
  });
}

}  // namespace

void add_decide_commands(CLI::App& root, Commands& commands) {
  CLI::App* group =
      root.add_subcommand("decide", "Decisions about works and sources: who, why, and undone");
  group->require_subcommand(1);
  add_decision(*group, commands, "takedown", "Hide works everywhere; the content is kept");
  add_decision(*group, commands, "sensitive", "Mark works as sensitive");
  add_decision(*group, commands, "erase", "Hide works and drop their content");
  add_decision(
      *group, commands, "undo",
      "End what was decided: a work comes back at once, one that was erased when it is seen again");
  add_decision(*group, commands, "reemit", "Write the records again, for the stores");
  add_source_decisions(*group, commands);
  add_removal_decisions(*group, commands);
}

}  // namespace freshet
