#include "operate/dead_letter_filter.hpp"

#include <CLI/CLI.hpp>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

bool is_chosen(const std::string& wanted, const std::string& found) {
  return wanted.empty() || wanted == found;
}

bool is_key_chosen(const std::string& wanted, const std::string& found) {
  return wanted.ends_with('*') ? found.starts_with(wanted.substr(0, wanted.size() - 1))
                               : is_chosen(wanted, found);
}

std::optional<UtcTime> time_of(const std::string& text, const char* name) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto time = parse_time(text);
  if (!time) {
    throw StartupError{std::string{name} + " " + text + " is not a time like 2026-11-21T00:19:33Z"};
  }
  return time;
}

}  // namespace

bool DeadLetterFilter::chooses() const {
  return !reason.empty() || !step.empty() || !source.empty() || !key.empty() || !topic.empty() ||
         since || until || partition || offset;
}

bool DeadLetterFilter::takes(const DeadLetterLine& line) const {
  return is_chosen(reason, line.reason) && is_chosen(step, line.step) &&
         is_chosen(source, line.source) && is_key_chosen(key, line.key.value_or("")) &&
         is_chosen(topic, line.topic) && (!since || line.appended_at >= *since) &&
         (!until || line.appended_at < *until) && (!partition || line.partition == *partition) &&
         (!offset || line.offset == *offset);
}

DeadLetterFilter DeadLetterOptions::read() const {
  DeadLetterFilter read = filter;
  read.since = time_of(since, "--since");
  read.until = time_of(until, "--until");
  if (read.partition.has_value() != read.offset.has_value()) {
    throw StartupError{"a dead letter is named by two numbers: its partition and its offset"};
  }
  return read;
}

void add_dead_letter_options(CLI::App& command, DeadLetterOptions& options) {
  DeadLetterFilter& filter = options.filter;
  command.add_option("--reason", filter.reason, "Only with this reason, such as invalid_value");
  command.add_option("--step", filter.step, "Only of this step, such as process.catalogue");
  command.add_option("--source", filter.source, "Only of this provider, such as met");
  command.add_option("--key", filter.key, "Only with this key, or with its beginning and `*`");
  command.add_option("--topic", filter.topic, "Only what came from here, such as media.raw.v1");
  command.add_option("--since", options.since, "Only those put aside then or later (RFC 3339)");
  command.add_option("--until", options.until, "Only those put aside before (RFC 3339)");
}

void add_dead_letter_place(CLI::App& command, DeadLetterOptions& options) {
  command.add_option("partition", options.filter.partition, "First number in column AT of `list`");
  command.add_option("offset", options.filter.offset, "Second number");
}

void scan_dead_letters(const Context& context, const DeadLetterFilter& filter,
                       const DeadLetterLog& log,
                       const std::function<bool(DeadLetterLine&, const kafka::Message&)>& take) {
  kafka::Consumer consumer{context.config.kafka, reader_options()};
  std::map<kafka::TopicPartition, kafka::Offset> ends;
  std::vector<kafka::TopicPartitionOffset> from;
  for (const auto& at :
       partitions_of(consumer, context.config.kafka.prefixed(topics::kDeadLetter))) {
    if (filter.partition && *filter.partition != at.partition.value) {
      continue;
    }
    const auto marks = require(consumer.watermarks(at, 10s));
    kafka::Offset start = marks.low;
    if (filter.since) {
      start = require(consumer.offset_for_time(at, *filter.since, 10s)).value_or(marks.high);
    }
    if (filter.offset) {
      start = std::max(start, kafka::Offset{*filter.offset});
    }
    if (start < marks.high) {
      from.push_back({at, start});
      ends[at] = marks.high;
    }
  }
  // One partition after the other: what a redrive puts aside again meanwhile is not read.
  for (const kafka::TopicPartitionOffset& one : from) {
    const kafka::Offset end = ends[one.at];
    bool goes_on = true;
    read_to_end(consumer, {one}, context.stop, [&](const kafka::Message& message) {
      if (message.offset() >= end || (filter.offset && message.offset().value > *filter.offset)) {
        return false;
      }
      DeadLetterLine line = read_dead_letter(message);
      if (!filter.takes(line)) {
        return true;
      }
      line.state = log.state_of(line.partition, line.offset);
      if (line.state != DeadLetterState::open && !filter.is_handled_too) {
        return true;
      }
      goes_on = take(line, message);
      return goes_on;
    });
    if (!goes_on || context.stop.stop_requested()) {
      return;
    }
  }
}

void DeadLetterSummary::add(const DeadLetterLine& line) {
  Counts& counts = counts_[{line.reason, line.source, format_date(line.appended_at)}];
  switch (line.state) {
    case DeadLetterState::open:
      ++counts.open;
      break;
    case DeadLetterState::redriven:
      ++counts.redriven;
      break;
    case DeadLetterState::discarded:
      ++counts.discarded;
      break;
  }
}

std::string DeadLetterSummary::table() const {
  Table table{{{"REASON"},
               {"SOURCE"},
               {"DAY"},
               {"OPEN", Align::right},
               {"REDRIVEN", Align::right},
               {"DISCARDED", Align::right}}};
  Counts all;
  for (const auto& [place, counts] : counts_) {
    table.add({place.reason, place.source.empty() ? "(none)" : place.source, place.day,
               std::to_string(counts.open), std::to_string(counts.redriven),
               std::to_string(counts.discarded)});
    all.open += counts.open;
    all.redriven += counts.redriven;
    all.discarded += counts.discarded;
  }
  table.add({"all", "", "", std::to_string(all.open), std::to_string(all.redriven),
             std::to_string(all.discarded)});
  return table.text();
}

std::string DeadLetterSummary::json() const {
  json::array list;
  for (const auto& [place, counts] : counts_) {
    list.push_back(json::object{{"reason", place.reason},
                                {"source", place.source},
                                {"day", place.day},
                                {"open", counts.open},
                                {"redriven", counts.redriven},
                                {"discarded", counts.discarded}});
  }
  return to_json(list) + "\n";
}

// Reads the tails of all partitions, further and further back, until there are enough: the topic
// holds ninety days, and mostly the last few are asked for.
std::vector<DeadLetterLine> read_newest_dead_letters(const Context& context,
                                                     const DeadLetterFilter& filter,
                                                     const DeadLetterLog& log, std::size_t limit) {
  constexpr std::chrono::seconds kBrokerLimit{10};
  kafka::Consumer consumer{context.config.kafka, reader_options()};
  std::map<kafka::TopicPartition, kafka::Watermarks> ends;
  for (const auto& at :
       partitions_of(consumer, context.config.kafka.prefixed(topics::kDeadLetter))) {
    ends.emplace(at, require(consumer.watermarks(at, kBrokerLimit)));
  }
  std::vector<DeadLetterLine> lines;
  for (std::int64_t span = 4 * static_cast<std::int64_t>(limit) + 100;; span *= 8) {
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
      line.state = log.state_of(line.partition, line.offset);
      if (filter.takes(line) && (filter.is_handled_too || line.state == DeadLetterState::open)) {
        lines.push_back(std::move(line));
      }
      return true;
    });
    if (is_whole || lines.size() >= limit || context.stop.stop_requested()) {
      return newest_first(std::move(lines), limit);
    }
  }
}

}  // namespace freshet
