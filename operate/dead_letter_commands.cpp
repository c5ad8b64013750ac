#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>

#include "core/check.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"
#include "operate/dead_letters.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

struct ListFlags {
  std::size_t limit = 50;
  std::string reason;
  std::string step;
  bool json = false;
};

struct ShowFlags {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  bool only_value = false;
};

/// Reads the tails of all partitions, further and further back, until there are enough: the topic
/// holds ninety days, and mostly the last few are asked for.
std::vector<DeadLetterLine> read_newest(const Context& context, kafka::Consumer& consumer,
                                        const ListFlags& flags) {
  std::map<kafka::TopicPartition, kafka::Watermarks> ends;
  for (const auto& at :
       partitions_of(consumer, context.config.kafka.prefixed(topics::kDeadLetter))) {
    ends.emplace(at, require(consumer.watermarks(at, 10s)));
  }
  std::vector<DeadLetterLine> lines;
  for (std::int64_t span = 4 * static_cast<std::int64_t>(flags.limit) + 100;; span *= 8) {
    std::vector<kafka::TopicPartitionOffset> from;
    bool is_whole = true;
    for (const auto& [at, marks] : ends) {
      if (marks.low == marks.high) {
        continue;
      }
      const std::int64_t start = std::max(marks.low.value, marks.high.value - span);
      is_whole = is_whole && start == marks.low.value;
      from.push_back({at, kafka::Offset{start}});
    }
    lines.clear();
    read_to_end(consumer, from, context.stop, [&](const kafka::Message& message) {
      DeadLetterLine line = read_dead_letter(message);
      if ((flags.reason.empty() || line.reason == flags.reason) &&
          (flags.step.empty() || line.step == flags.step)) {
        lines.push_back(std::move(line));
      }
      return true;
    });
    if (is_whole || lines.size() >= flags.limit || context.stop.stop_requested()) {
      return newest_first(std::move(lines), flags.limit);
    }
  }
}

int run_list(const Context& context, const ListFlags& flags) {
  kafka::Admin admin{context.config.kafka};
  require_broker(admin);
  kafka::Consumer consumer{context.config.kafka, reader_options()};
  const auto lines = read_newest(context, consumer, flags);
  std::cout << (flags.json ? format_dead_letter_json(lines) : format_dead_letter_table(lines));
  return ExitCode::done;
}

int run_show(const Context& context, const ShowFlags& flags) {
  kafka::Admin admin{context.config.kafka};
  require_broker(admin);
  kafka::Consumer consumer{context.config.kafka, reader_options()};
  const std::string topic = context.config.kafka.prefixed(topics::kDeadLetter);
  const kafka::TopicPartition at{topic, kafka::Partition{flags.partition}};
  const auto partitions = partitions_of(consumer, topic);
  bool found = false;
  if (std::find(partitions.begin(), partitions.end(), at) != partitions.end()) {
    const auto marks = require(consumer.watermarks(at, 10s));
    if (flags.offset >= marks.low.value && flags.offset < marks.high.value) {
      read_to_end(consumer, {{at, kafka::Offset{flags.offset}}}, context.stop,
                  [&](const kafka::Message& message) {
                    // A later one: the offset is a marker or an aborted record.
                    if (message.offset().value != flags.offset) {
                      return false;
                    }
                    found = true;
                    if (!flags.only_value) {
                      std::cout << "key: " << message.key().value_or("(none)") << '\n';
                      for (const auto& [name, value] : message.headers()) {
                        std::cout << name << ": " << value << '\n';
                      }
                      std::cout << '\n';
                    }
                    std::cout << message.value().value_or("");
                    if (!flags.only_value) {
                      std::cout << '\n';
                    }
                    return false;
                  });
    }
  }
  if (!found) {
    throw WorkFailed{"no dead letter in partition " + std::to_string(flags.partition) +
                     " at offset " + std::to_string(flags.offset)};
  }
  return ExitCode::done;
}

}  // namespace

void add_dead_letter_commands(CLI::App& root, Commands& commands) {
  CLI::App* group = root.add_subcommand("dead-letter", "Records that were put aside");
  group->require_subcommand(1);

  const auto listed = std::make_shared<ListFlags>();
  CLI::App* list =
      group->add_subcommand("list", "The newest ones: why, where from, where they are");
  list->add_option("--limit", listed->limit, "At most so many")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  list->add_option("--reason", listed->reason, "Only with this reason, such as invalid_value");
  list->add_option("--step", listed->step, "Only of this step, such as process.catalogue");
  list->add_flag("--json", listed->json, "Print the list as JSON");
  list->footer("Example:\n  freshet dead-letter list --reason invalid_value --limit 10");
  commands.on_run(list, [listed](const Context& context) { return run_list(context, *listed); });

  const auto shown = std::make_shared<ShowFlags>();
  CLI::App* show = group->add_subcommand("show", "One: its key, its headers, its original bytes");
  show->add_option("partition", shown->partition, "First number in column AT of `list`")
      ->required();
  show->add_option("offset", shown->offset, "Second number")->required();
  show->add_flag("--value", shown->only_value, "Only the original bytes, exactly");
  show->footer("Example:\n  freshet dead-letter show 3 17 --value > record.json");
  commands.on_run(show, [shown](const Context& context) { return run_show(context, *shown); });
}

}  // namespace freshet
