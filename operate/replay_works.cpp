#include "operate/replay_works.hpp"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <unordered_set>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "core/output.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"
#include "operate/decide.hpp"
#include "operate/reemit.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

// The catalogue keeps earlier versions of a work until it is compacted. Those of as many works are
// recognised; a work that comes again after these is written twice, which is harmless.
constexpr std::size_t kMostRemembered = 4'000'000;

std::optional<UtcTime> since_of(const ReplayWorksFlags& flags) {
  if (flags.since.empty()) {
    return std::nullopt;
  }
  const auto time = parse_time(flags.since);
  if (!time) {
    throw StartupError{"--since " + flags.since + " is not a time like 2026-11-21T00:19:33Z"};
  }
  return time;
}

/// Hands over the works of the catalogue that are selected, in batches; what is written while it
/// reads is not read.
class Selection {
 public:
  using Take = std::function<void(std::span<const std::string>)>;

  Selection(const Context& context, const ReplayWorksFlags& flags)
      : context_{context}, flags_{flags}, consumer_{context.config.kafka, reader_options()} {}

  void read(const Take& take) {
    const std::string topic = context_.config.kafka.prefixed(topics::kCatalog);
    const auto since = since_of(flags_);
    std::vector<std::pair<kafka::TopicPartitionOffset, kafka::Offset>> spans;
    for (const auto& at : partitions_of(consumer_, topic)) {
      const auto ends = require(consumer_.watermarks(at, 10s));
      const kafka::Offset from =
          since ? require(consumer_.offset_for_time(at, *since, 10s)).value_or(ends.high)
                : ends.low;
      if (from < ends.high) {
        spans.push_back({{at, from}, ends.high});
      }
    }
    for (const auto& [from, end] : spans) {
      read_span(from, end, take);
    }
    hand_over(take);
  }

 private:
  void read_span(const kafka::TopicPartitionOffset& from, kafka::Offset end, const Take& take) {
    kafka::TopicPartitionOffset next = from;
    bool is_more = true;
    // A batch takes its time: it is handed over between two readings, not within one.
    while (is_more && !context_.stop.stop_requested()) {
      is_more = false;
      read_to_end(consumer_, {next}, context_.stop, [&](const kafka::Message& message) {
        if (message.offset() >= end) {
          return false;
        }
        next.offset = kafka::Offset{message.offset().value + 1};
        add(message);
        is_more = batch_.size() >= Reemitter::kBatch;
        return !is_more;
      });
      if (is_more) {
        hand_over(take);
      }
    }
  }

  void add(const kafka::Message& message) {
    if (!message.key() || !message.value() || !parse_work_key(*message.key())) {
      return;
    }
    if (!flags_.source.empty() && !is_of_source(*message.key(), *message.value(), flags_.source)) {
      return;
    }
    if (seen_.size() >= kMostRemembered) {
      seen_.clear();
    }
    if (seen_.insert(xxh3(*message.key())).second) {
      batch_.emplace_back(*message.key());
    }
  }

  void hand_over(const Take& take) {
    if (!batch_.empty()) {
      take(batch_);
      batch_.clear();
    }
  }

  const Context& context_;
  const ReplayWorksFlags& flags_;
  kafka::Consumer consumer_;
  std::vector<std::string> batch_;
  std::unordered_set<std::uint64_t> seen_;
};

void select(const Context& context, const ReplayWorksFlags& flags, const Selection::Take& take) {
  if (flags.works.empty()) {
    Selection{context, flags}.read(take);
    return;
  }
  std::vector<std::string> keys;
  for (const NamedWork& work : find_works(
           {flags.works, {}}, [&] { return open_work_lookup(context.config.postgres.dsn); })) {
    keys.push_back(work.key);
  }
  for (std::size_t i = 0; i < keys.size(); i += Reemitter::kBatch) {
    take(std::span{keys}.subspan(i, std::min(Reemitter::kBatch, keys.size() - i)));
  }
}

void print(std::int64_t works, const ReplayWorksFlags& flags, const ReplayWorksOutput& output) {
  if (output.json) {
    print_result(to_json(json::object{{"works", works},
                                      {"written", output.dry_run ? 0 : works},
                                      {"throttle", flags.per_second}}) +
                 "\n");
  } else if (output.dry_run) {
    print_result(fmt::format("{} works would be written again; {} s at {} works/s\n", works,
                             works / flags.per_second, flags.per_second));
  } else {
    print_result(fmt::format("{} works were written again\n", works));
  }
}

}  // namespace

bool is_of_source(std::string_view key, std::string_view value, std::string_view source) {
  const auto work = parse_work_key(key);
  if (work && work->provider == source) {
    return true;
  }
  // Most records are not of it, and are not parsed.
  if (value.find(source) == std::string_view::npos) {
    return false;
  }
  const auto record = parse_json(value);
  return record && text_at(*record, "/work/source") == source;
}

void add_replay_works_flags(CLI::App& command, ReplayWorksFlags& flags) {
  auto* works = command.add_option(
      "--works", flags.works,
      "Write these works again: UUIDs or keys; or a provider and its identifier");
  command.add_option("--source", flags.source, "Write the works of this source again")
      ->excludes(works);
  command
      .add_option("--since", flags.since,
                  "Write the works again whose record is not older: 2026-11-21T00:19:33Z")
      ->excludes(works);
  command
      .add_option("--throttle", flags.per_second,
                  "At most so many works a second; live traffic comes first in any case")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--by", flags.author.by, "Who has works written again")->capture_default_str();
  command.add_option("--why", flags.author.why, "Why")->capture_default_str();
}

int replay_works(const Context& context, const ReplayWorksFlags& flags,
                 const ReplayWorksOutput& output) {
  check_author(flags.author);
  static_cast<void>(since_of(flags));
  {
    kafka::Admin admin{context.config.kafka};
    require_broker(admin);
  }
  std::int64_t count = 0;
  if (output.dry_run) {
    select(context, flags, [&](auto keys) { count += static_cast<std::int64_t>(keys.size()); });
  } else {
    Reemitter reemitter{context, {flags.author, flags.per_second, flags.wait_seconds}};
    select(context, flags, [&](auto keys) { reemitter.write(keys); });
    count = reemitter.written();
  }
  if (context.stop.stop_requested()) {
    throw WorkFailed{fmt::format("stopped; {} works were written again", count)};
  }
  print(count, flags, output);
  return ExitCode::done;
}

}  // namespace freshet
