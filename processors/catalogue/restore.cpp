#include "processors/catalogue/restore.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/topics.hpp"
#include "processors/stages/dedupe/seen_entries.hpp"

namespace freshet {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kReadRecords = 5'000;
// Of entries whose works are past the limit of the table: 39 bytes each, and a look through all
// records per so many.
constexpr std::size_t kMostUnsettled = 1'000'000;
constexpr auto kReadWait = 100ms;
constexpr auto kAskWait = 1'000ms;

/// What a state is restored from. Claims are an input, of which an earlier owner has taken a part.
enum class Changelog { catalog, seen, totals, claims };

std::string topic_of(const Config& config, Changelog changelog) {
  switch (changelog) {
    case Changelog::catalog:
      return config.kafka.prefixed(topics::kCatalog);
    case Changelog::seen:
      return config.kafka.prefixed(topics::kSeen);
    case Changelog::totals:
      return config.kafka.prefixed(topics::kTotals);
    case Changelog::claims:
      return config.kafka.prefixed(topics::kUrlClaims);
  }
  return {};
}

bool has(const PartitionState& partition, Changelog changelog) {
  return changelog != Changelog::claims || partition.claims.has_value();
}

std::int64_t& position_of(PartitionState& partition, Changelog changelog) {
  switch (changelog) {
    case Changelog::catalog:
      return partition.positions.catalog;
    case Changelog::seen:
      return partition.positions.seen;
    case Changelog::totals:
      return partition.positions.totals;
    case Changelog::claims:
      break;
  }
  return partition.claims->next;
}

// A release that is older may be gone from the topic: a day before the broker may drop it.
std::chrono::milliseconds releases_kept(const Config& config) {
  for (const TopicSpec& spec : topic_specs(config.kafka)) {
    if (spec.name == config.kafka.prefixed(topics::kUrlClaims)) {
      return std::chrono::milliseconds{std::stoll(spec.configs.at("delete.retention.ms"))} - 24h;
    }
  }
  return {};
}

// One restore of a set of partitions; keeps what its steps share.
class Restore {
 public:
  Restore(const Config& config, const Inputs& inputs, kafka::Consumer& group,
          const std::vector<std::unique_ptr<PartitionState>>& partitions,
          const std::function<bool()>& keep_alive)
      : config_{config}, inputs_{inputs}, group_{group}, keep_alive_{keep_alive} {
    for (const auto& partition : partitions) {
      partitions_.emplace(partition->number, partition.get());
    }
  }

  std::optional<StartOffsets> run() {
    const auto start = steady_clock::now();
    auto offsets = stable_offsets();
    if (!offsets || !ask_targets(*offsets) || !ask_unread(*offsets)) {
      return std::nullopt;
    }
    for (const auto& [number, partition] : partitions_) {
      if (!load(*partition) || !load_claims(*partition) || !keep_alive_()) {
        return std::nullopt;
      }
    }
    if (!read({Changelog::catalog, Changelog::totals, Changelog::claims}) ||
        !read({Changelog::seen})) {
      return std::nullopt;
    }
    std::size_t works = 0;
    for (const auto& [number, partition] : partitions_) {
      if (!settle_seen(*partition) || !count_metrics(*partition)) {
        return std::nullopt;
      }
      partition->write({}, RecordForm::json);
      if (partition->claims) {
        write_restored(*partition->claims);
      }
      works += partition->dedupe.table().size();
    }
    log::info("state_restored", {{"partitions", partitions_.size()},
                                 {"works", works},
                                 {"records_read", records_read_},
                                 {"millis", std::chrono::duration_cast<std::chrono::milliseconds>(
                                                steady_clock::now() - start)
                                                .count()}});
    return offsets;
  }

 private:
  std::optional<StartOffsets> stable_offsets() {
    std::vector<kafka::TopicPartition> all;
    for (const auto& [number, partition] : partitions_) {
      std::ranges::move(inputs_.of(number), std::back_inserter(all));
    }
    while (keep_alive_()) {
      const auto committed = group_.committed(all, kAskWait);
      if (!committed) {
        // Also while a dead owner's transaction is open over these offsets: the broker ends it.
        log::warn("offsets_awaited", {{"text", committed.error().message()}});
        continue;
      }
      StartOffsets offsets;
      for (const auto& [at, offset] : *committed) {
        offsets.all.push_back({at, offset.value_or(kafka::Consumer::kBeginning)});
      }
      return offsets;
    }
    return std::nullopt;
  }

  bool ask_unread(StartOffsets& offsets) {
    kafka::Consumer probe{config_.kafka, {}};
    for (const kafka::TopicPartitionOffset& from : offsets.all) {
      if (from.at.topic != inputs_.topic(Input::decisions)) {
        continue;
      }
      for (;;) {
        if (!keep_alive_()) {
          return false;
        }
        const auto marks = probe.watermarks(from.at, kAskWait);
        if (marks) {
          // A special offset, the beginning, is below every other.
          if (std::max(from.offset, marks->low) < marks->high) {
            offsets.first.push_back(from);
          }
          break;
        }
        log::warn("watermarks_awaited", {{"text", marks.error().message()}});
      }
    }
    return true;
  }

  bool ask_targets(const StartOffsets& offsets) {
    kafka::ConsumerOptions options;
    options.isolation = kafka::Isolation::read_uncommitted;
    kafka::Consumer probe{config_.kafka, options};
    for (const auto& [number, partition] : partitions_) {
      for (const Changelog changelog :
           {Changelog::catalog, Changelog::seen, Changelog::totals, Changelog::claims}) {
        const kafka::TopicPartition at{topic_of(config_, changelog), kafka::Partition{number}};
        if (has(*partition, changelog) && !ask_end(probe, at)) {
          return false;
        }
      }
    }
    // Of the claims what was taken; the rest is input.
    targets_ = ends_;
    for (const kafka::TopicPartitionOffset& from : offsets.all) {
      if (from.at.topic == inputs_.topic(Input::claims)) {
        targets_[from.at] = std::max<std::int64_t>(from.offset.value, 0);
      }
    }
    return true;
  }

  bool ask_end(kafka::Consumer& probe, const kafka::TopicPartition& at) {
    while (keep_alive_()) {
      const auto marks = probe.watermarks(at, kAskWait);
      if (marks) {
        ends_[at] = marks->high.value;
        asked_ms_ = SystemClock{}.now().millis();
        return true;
      }
      log::warn("watermarks_awaited", {{"text", marks.error().message()}});
    }
    return false;
  }

  // Builds the table from what is on disk, unless it is in memory already.
  bool load(PartitionState& partition) {
    if (partition.loaded) {
      return true;
    }
    if (const auto stored = partition.store->positions()) {
      partition.positions = *stored;
      const auto foreign = is_foreign(partition);
      if (!foreign) {
        return false;
      }
      if (*foreign) {
        log::warn("state_set_aside",
                  {{"why", "of another or a later topic"}, {"partition", partition.number}});
        partition.store->clear();
        partition.positions = {};
        forget_claims(partition);
      } else if (!load_stored(partition, *stored)) {
        return false;
      }
    }
    partition.loaded = true;
    return true;
  }

  static void forget_claims(PartitionState& partition) {
    if (partition.claims) {
      partition.claims->store->clear();
      partition.claims->next = 0;
      partition.claims->urls.tell_all_below(0);
    }
  }

  // The claims on disk, or in memory, are those of the position that they name, to the byte. Where
  // releases between there and here may be gone from the topic, the whole of it is read instead.
  bool load_claims(PartitionState& partition) {
    if (!partition.claims) {
      return true;
    }
    std::int64_t& position = partition.claims->next;
    const kafka::TopicPartition at{topic_of(config_, Changelog::claims),
                                   kafka::Partition{partition.number}};
    if (position > ends_.at(at)) {
      log::warn("state_set_aside",
                {{"why", "claims of another topic"}, {"partition", partition.number}});
      forget_claims(partition);
    } else if (position > 0 && position < targets_.at(at)) {
      const UtcTime kept = SystemClock{}.now() - releases_kept(config_);
      const auto oldest_kept = first_since(at, kept);
      if (!oldest_kept) {
        return false;
      }
      if (position < oldest_kept->value_or(kafka::Offset{ends_.at(at)}).value) {
        log::warn("state_set_aside", {{"why", "claims older than releases are kept"},
                                      {"partition", partition.number}});
        forget_claims(partition);
      }
    }
    if (position != targets_.at(at) || position == 0) {
      // Never less than what an earlier restore asked for: the topic has only grown since.
      partition.claims->urls.tell_all_below(ends_.at(at));
    }
    return true;
  }

  // Each of the stages takes its own.
  static void restore_sums(PartitionState& partition, std::string_view name, const Totals& sums) {
    partition.dedupe.restore_totals(name, sums);
    if (partition.claims) {
      partition.claims->urls.restore_totals(name, sums);
    }
  }

  // False when it is to stop: nothing is loaded then.
  bool load_stored(PartitionState& partition, const ChangelogPositions& stored) {
    partition.positions = stored;
    for (const auto& [name, sums] : partition.store->totals()) {
      restore_sums(partition, name, sums);
    }
    // A table that is ahead of the records could not be brought on by reading records again.
    HotTable& table = partition.dedupe.table();
    const auto saved = partition.store->load_table(table);
    if (saved && saved->catalog <= stored.catalog) {
      partition.positions.catalog = saved->catalog;
      partition.positions.seen = saved->seen;
      return true;
    }
    table.clear();
    partition.positions.seen = 0;  // the entries are not in the records
    const bool is_whole = each_record(partition, [&](std::string_view key, std::string_view json) {
      if (!partition.dedupe.restore_record(key, json)) {
        log::warn("stored_record_ignored", {{"partition", partition.number}});
      }
      return true;
    });
    if (!is_whole) {
      table.clear();
    }
    return is_whole;
  }

  // Visits the records on disk while the group stays polled. False when it ended early.
  bool each_record(PartitionState& partition, const Dedupe::Visit& visit,
                   std::string_view prefix = {}) {
    std::size_t visited = 0;
    bool goes_on = true;
    partition.store->each_from({}, prefix, [&](std::string_view key, std::string_view json) {
      goes_on = visit(key, json) && (++visited % kReadRecords != 0 || keep_alive_());
      return goes_on;
    });
    return goes_on;
  }

  // Whether the state is of other topics than these: further than they are, or with records behind
  // its position that are older than what it has. Nothing when it is to stop.
  std::optional<bool> is_foreign(PartitionState& partition) {
    const std::int32_t number = partition.number;
    for (const Changelog changelog :
         {Changelog::catalog, Changelog::seen, Changelog::totals, Changelog::claims}) {
      const kafka::TopicPartition at{topic_of(config_, changelog), kafka::Partition{number}};
      if (has(partition, changelog) && position_of(partition, changelog) > ends_.at(at)) {
        log::debug("state_is_ahead", {{"topic", at.topic},
                                      {"partition", number},
                                      {"position", position_of(partition, changelog)},
                                      {"end", ends_.at(at)}});
        return true;
      }
    }
    const ChangelogPositions& positions = partition.positions;
    const kafka::TopicPartition at{topic_of(config_, Changelog::catalog), kafka::Partition{number}};
    const auto later = first_since(at, UtcTime::from_millis(positions.written_ms + 1));
    if (!later) {
      return std::nullopt;
    }
    // The marker of the last transaction may be younger than the commit that it stands for.
    const bool foreign = later->has_value() && (*later)->value + 1 < positions.catalog;
    if (foreign) {
      log::debug("state_is_older", {{"partition", number},
                                    {"position", positions.catalog},
                                    {"written_ms", positions.written_ms},
                                    {"later_record", (*later)->value}});
    }
    return foreign;
  }

  // The first record that is not older; nothing within where there is none, nothing at all when it
  // is to stop.
  std::optional<std::optional<kafka::Offset>> first_since(const kafka::TopicPartition& at,
                                                          UtcTime time) {
    kafka::Consumer probe{config_.kafka, {}};
    while (keep_alive_()) {
      const auto found = probe.offset_for_time(at, time, kAskWait);
      if (found) {
        return *found;
      }
      log::warn("watermarks_awaited", {{"text", found.error().message()}});
    }
    return std::nullopt;
  }

  bool read(const std::vector<Changelog>& changelogs) {
    std::vector<kafka::TopicPartitionOffset> from;
    for (const Changelog changelog : changelogs) {
      for (const auto& [number, partition] : partitions_) {
        if (!has(*partition, changelog)) {
          continue;
        }
        const kafka::TopicPartition at{topic_of(config_, changelog), kafka::Partition{number}};
        const std::int64_t next = position_of(*partition, changelog);
        if (next < targets_.at(at)) {
          from.push_back({at, kafka::Offset{next}});
        }
      }
    }
    if (from.empty()) {
      return true;
    }
    kafka::ConsumerOptions options;
    options.partition_end_events = true;
    options.queued_max_kbytes = 32'768;
    kafka::Consumer reader{config_.kafka, options};
    if (const auto assigned = reader.assign(from); !assigned) {
      throw WorkFailed("restore: " + assigned.error().message());
    }
    for (auto told = steady_clock::now(); !reached(reader, from);) {
      if (!keep_alive_()) {
        return false;
      }
      const auto polled = reader.poll(kReadWait, kReadRecords);
      if (!polled) {
        if (polled.error().retry() == Retry::never) {
          throw WorkFailed("restore: " + polled.error().message());
        }
        log::warn("restore_waited", {{"text", polled.error().message()}});
        continue;
      }
      apply(*polled);
      for (const auto& [number, partition] : partitions_) {
        if (partition->dedupe.unsettled_seen() > kMostUnsettled && !settle_seen(*partition)) {
          return false;
        }
      }
      if (steady_clock::now() - told > 5s) {
        told = steady_clock::now();
        log::info("restore_progressed", {{"records_read", records_read_}});
      }
    }
    for (const auto& [at, offset] : from) {
      for (const Changelog changelog : changelogs) {
        if (at.topic == topic_of(config_, changelog)) {
          PartitionState& partition = *partitions_.at(at.partition.value);
          position_of(partition, changelog) = targets_.at(at);
          // Below a target there are also records that nobody may read: of aborted transactions.
          partition.positions.written_ms = std::max(partition.positions.written_ms, asked_ms_);
        }
      }
    }
    return true;
  }

  // Raises the records of works past the limit of the table. The positions on disk stay as they
  // are: a crash before all is written reads the entries again.
  bool settle_seen(PartitionState& partition) {
    if (partition.dedupe.unsettled_seen() == 0) {
      return true;
    }
    const ChangelogPositions on_disk = partition.store->positions().value_or(ChangelogPositions{});
    std::vector<std::pair<std::string, std::string>> raised;
    const auto write = [&] {
      std::vector<std::pair<std::string_view, std::string_view>> records{raised.begin(),
                                                                         raised.end()};
      partition.store->write(records, RecordForm::json, {}, on_disk);
      raised.clear();
    };
    const bool is_whole = partition.dedupe.settle_seen(
        [&](std::string_view prefix, const Dedupe::Visit& visit) {
          return each_record(partition, visit, prefix);
        },
        [&](std::string_view key, std::string_view json) {
          raised.emplace_back(key, json);
          if (raised.size() >= kReadRecords) {
            write();
          }
        });
    write();
    return is_whole;
  }

  // Works that were there before their provider had a metric; nothing to do but then.
  bool count_metrics(PartitionState& partition) {
    return partition.dedupe.count_metrics(shipped_dedupe_rules(),
                                          [&](std::string_view prefix, const Dedupe::Visit& visit) {
                                            return each_record(partition, visit, prefix);
                                          });
  }

  bool reached(kafka::Consumer& reader, const std::vector<kafka::TopicPartitionOffset>& from) {
    const auto positions = reader.positions();
    if (!positions) {
      return false;
    }
    std::size_t done = 0;
    for (const auto& [at, offset] : *positions) {
      done += offset && offset->value >= targets_.at(at) ? 1 : 0;
    }
    return done == from.size();
  }

  // Members that this version does not know would be lost with the next update of the work.
  static void check_version(const kafka::Message& message) {
    constexpr std::string_view kName = "catalog/";
    static_assert(schema_header::kCatalog.starts_with(kName));
    const auto schema = message.header(schema_header::kName);
    if (schema && schema->starts_with(kName) && *schema != schema_header::kCatalog) {
      throw WorkFailed(std::string{message.topic()} + "[" +
                       std::to_string(message.partition().value) + "] has at offset " +
                       std::to_string(message.offset().value) + " a record of schema " +
                       std::string{*schema} + ": another version of freshet goes on from there");
    }
  }

  void apply(const kafka::Polled& polled) {
    struct Chunk {
      std::vector<std::pair<std::string_view, std::string_view>> records;
      std::deque<std::string> raised;  ///< records that are not as on the topic
      std::vector<std::pair<std::string, std::string>> totals;
    };
    std::map<std::int32_t, Chunk> chunks;
    for (const kafka::Message& message : polled.messages) {
      ++records_read_;
      const std::int32_t number = message.partition().value;
      PartitionState& partition = *partitions_.at(number);
      const auto key = message.key();
      const auto value = message.value();
      const std::int64_t next = message.offset().value + 1;
      if (message.topic() == topic_of(config_, Changelog::catalog)) {
        check_version(message);
        partition.positions.catalog = next;
        partition.positions.written_ms =
            std::max(partition.positions.written_ms, message.timestamp().millis());
        const auto kept = key && value ? partition.dedupe.restore_record(*key, *value)
                                       : Result<std::string_view>{Error{}};
        if (kept) {
          Chunk& chunk = chunks[number];
          chunk.records.emplace_back(
              *key, kept->data() == value->data() ? *value : chunk.raised.emplace_back(*kept));
        } else {
          log::warn("catalogue_record_ignored", {{"partition", number}, {"offset", next - 1}});
        }
      } else if (message.topic() == topic_of(config_, Changelog::totals)) {
        partition.positions.totals = next;
        restore_totals(partition, key, value, chunks[number].totals);
      } else if (message.topic() == topic_of(config_, Changelog::claims)) {
        restore_claim(partition, message);
      } else if (value) {
        partition.positions.seen = next;
        each_seen_entry(*value, [&](const SeenEntry& entry) {
          partition.dedupe.restore_seen(entry.key_hash, entry.fingerprint, entry.fetched_at);
        });
      }
    }
    for (const auto& [number, chunk] : chunks) {
      PartitionState& partition = *partitions_.at(number);
      partition.keep_sums(chunk.totals);
      partition.write(chunk.records, RecordForm::json);
    }
    for (const auto& [number, partition] : partitions_) {
      if (partition->claims) {
        write_restored(*partition->claims);
      }
    }
  }

  static void write_restored(ClaimsState& claims) {
    claims.write();
    claims.urls.commit();
  }

  void restore_claim(PartitionState& partition, const kafka::Message& message) {
    const kafka::TopicPartition at{std::string{message.topic()}, message.partition()};
    if (message.offset().value >= targets_.at(at)) {
      return;  // behind what was taken: it is to be read as input
    }
    partition.claims->urls.restore_claim({.key = message.key(),
                                          .value = message.value(),
                                          .schema = message.header(schema_header::kName),
                                          .offset = message.offset().value});
    partition.claims->next = message.offset().value + 1;
  }

  static void restore_totals(PartitionState& partition, std::optional<std::string_view> key,
                             std::optional<std::string_view> value,
                             std::vector<std::pair<std::string, std::string>>& chunk) {
    const auto at = key ? parse_totals_key(*key) : Result<TotalsKey>{Error{}};
    const bool is_ours =
        at && (at->kind == "process" || at->kind == "urls" || PartitionSums::is_ours(at->kind));
    if (!is_ours || !value) {
      return;  // sums of other steps lie on the same topic
    }
    if (const auto sums = parse_totals(*value)) {
      const std::string name = at->kind + ":" + at->provider;
      restore_sums(partition, name, *sums);
      chunk.emplace_back(name, *value);
    }
  }

  const Config& config_;
  const Inputs& inputs_;
  kafka::Consumer& group_;
  const std::function<bool()>& keep_alive_;
  std::map<std::int32_t, PartitionState*> partitions_;
  std::map<kafka::TopicPartition, std::int64_t> ends_;
  std::map<kafka::TopicPartition, std::int64_t> targets_;  ///< what is to be read before all else
  std::int64_t asked_ms_ = 0;                              ///< when the last of the ends was told
  std::uint64_t records_read_ = 0;
};

}  // namespace

std::optional<StartOffsets> restore(const Config& config, const Inputs& inputs,
                                    kafka::Consumer& group,
                                    const std::vector<std::unique_ptr<PartitionState>>& partitions,
                                    const std::function<bool()>& keep_alive) {
  return Restore{config, inputs, group, partitions, keep_alive}.run();
}

}  // namespace freshet
