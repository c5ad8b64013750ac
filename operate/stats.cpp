#include "operate/stats.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/output.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"
#include "operate/lag.hpp"
#include "operate/policy.hpp"
#include "operate/stores.hpp"
#include "operate/sums.hpp"

namespace freshet {
namespace {

struct Flags {
  bool json = false;
  bool line = false;
  bool check = false;
  bool watch = false;
  double every_seconds = 2;
};

/// The newest value of each key of media.totals.v1, kept from round to round: with --watch only
/// what is new is read.
class TotalsReader {
 public:
  TotalsReader(const Config::Kafka& config)
      : consumer_{config, reader_options()}, topic_{config.prefixed(topics::kTotals)} {}

  Sums read(const std::stop_token& stop) {
    if (next_.empty()) {
      for (const kafka::TopicPartition& at : partitions_of(consumer_, topic_)) {
        next_.push_back({at, kafka::Consumer::kBeginning});
      }
    }
    read_to_end(consumer_, next_, stop, [&](const kafka::Message& message) {
      take(message);
      return true;
    });
    for (const auto& [at, position] : require(consumer_.positions())) {
      for (auto& one : next_) {
        if (one.at == at && position) {
          one.offset = *position;
        }
      }
    }
    Sums sums;
    for (const auto& [key, value] : newest_) {
      sums.add(value.first, value.second);
    }
    return sums;
  }

 private:
  void take(const kafka::Message& message) {
    if (!message.key() || !message.value()) {
      return;
    }
    const auto key = parse_totals_key(*message.key());
    auto totals = parse_totals(*message.value());
    if (!key || !totals) {
      log::warn("totals_not_understood",
                {{"partition", message.partition().value}, {"offset", message.offset().value}});
      return;
    }
    newest_[std::string{*message.key()}] = {*key, std::move(*totals)};
  }

  kafka::Consumer consumer_;
  std::string topic_;
  std::vector<kafka::TopicPartitionOffset> next_;
  std::map<std::string, std::pair<TotalsKey, Totals>> newest_;
};

/// @return one for each topic of a role, added over partitions.
std::vector<ReaderSums> read_readers(const Config::Kafka& config, kafka::Admin& admin,
                                     kafka::Consumer& consumer) {
  std::vector<ReaderSums> readers;
  for (const Role& role : roles_with_groups()) {
    for (const PartitionLag& one : read_positions(role, config, admin, consumer)) {
      if (readers.empty() || readers.back().group != role.name ||
          readers.back().topic != one.at.topic) {
        readers.push_back({std::string{role.name}, one.at.topic});
      }
      readers.back().done += one.next.value;
      readers.back().end += one.end.value;
    }
  }
  return readers;
}

void count_stores(const std::vector<StoreCounter>& counters, Refresh refresh, Sums& sums) {
  for (const StoreCounter& store : counters) {
    StoreSums& one = sums.stores.emplace_back();
    one.name = find_role(store.role)->what();
    one.title = store.title;
    if (auto counted = store.count(refresh)) {
      one.live = std::move(*counted);
    } else {
      sums.notes.push_back(counted.error().message());
    }
  }
}

int run_stats(const Context& context, const Flags& flags) {
  kafka::Admin admin{context.config.kafka};
  require_broker(admin);
  TotalsReader totals{context.config.kafka};
  const auto counters = store_counters(context);
  kafka::Consumer consumer{context.config.kafka, reader_options()};
  while (true) {
    Sums sums = totals.read(context.stop);
    // Whether it adds up is asked of what was written, not of what the last refresh made visible.
    count_stores(counters, flags.check ? Refresh::yes : Refresh::no, sums);
    try {
      sums.readers = read_readers(context.config.kafka, admin, consumer);
    } catch (const std::exception& error) {
      sums.notes.push_back(std::string{"readers: "} + error.what());
    }
    try {
      sums.removals_held = held_removals(read_policy(context));
    } catch (const std::exception& error) {
      sums.notes.push_back(std::string{"policy: "} + error.what());
    }
    print_result(flags.json   ? format_sums_json(sums)
                 : flags.line ? format_sums_line(sums)
                              : format_sums_table(sums));
    if (!flags.watch || context.stop.stop_requested()) {
      const auto disagreements = find_disagreements(sums);
      if (flags.check && !disagreements.empty()) {
        throw WorkFailed{"the sums do not agree: " + disagreements.front()};
      }
      return ExitCode::done;
    }
    wait_for_next_round(context.stop,
                        std::chrono::milliseconds{static_cast<int>(flags.every_seconds * 1000)});
    if (!flags.json && !flags.line) {
      print_result("\n");
    }
  }
}

}  // namespace

void add_stats_command(CLI::App& root, Commands& commands) {
  CLI::App* command = root.add_subcommand("stats",
                                          "What became of every record, what the stores hold, "
                                          "whether it adds up, and which removals wait "
                                          "for approval");
  const auto flags = std::make_shared<Flags>();
  auto* as_json =
      command->add_flag("--json", flags->json, "Print JSON; one line a round with --watch");
  command->add_flag("--line", flags->line, "Print the whole in one line")->excludes(as_json);
  command->add_flag("--check", flags->check, "Exit 1 unless all sums agree");
  command->add_flag("--watch", flags->watch, "Again and again until Ctrl-C");
  command->add_option("--every", flags->every_seconds, "Seconds between two rounds of --watch")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->footer("Example:\n  freshet stats --check");
  commands.on_run(command, [flags](const Context& context) { return run_stats(context, *flags); });
}

}  // namespace freshet
