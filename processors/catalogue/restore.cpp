#include "processors/catalogue/restore.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "core/log.hpp"
#include "core/result.hpp"
#include "core/saturate.hpp"
#include "core/topics.hpp"
#include "processors/catalogue/changelog_reader.hpp"
#include "processors/catalogue/restore_plan.hpp"
#include "processors/catalogue/topic_probe.hpp"

namespace freshet {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kAskWait = 1'000ms;

// Of all stages together: each partition keeps them beside its records.
constexpr Changelog kSums{.topic = topics::kTotals};

// A tombstone that is older may be gone from the topic: a day before the broker may drop it.
std::chrono::milliseconds tombstones_kept(const Config::Kafka& config, const std::string& topic) {
  for (const TopicSpec& spec : topic_specs(config)) {
    if (spec.name == topic) {
      return std::chrono::milliseconds{std::stoll(spec.configs.at("delete.retention.ms"))} - 24h;
    }
  }
  return {};
}

// One restore of a set of partitions; keeps what its steps share.
class Restore {
 public:
  Restore(const RestoreEnvironment& environment,
          const std::vector<std::unique_ptr<PartitionState>>& partitions,
          const KeepAlive& keep_alive)
      : env_{environment},
        partitions_{partitions},
        keep_alive_{keep_alive},
        probe_{environment.config.kafka, keep_alive},
        reader_{environment.config.kafka, probe_, keep_alive} {
    for (const auto& partition : partitions) {
      for (const auto& [spec, stage] : partition->stages) {
        for (std::size_t i = 0; i < spec.changelogs.size(); ++i) {
          add_changelog(*partition, spec.changelogs[i], stage.get(), i);
        }
      }
      add_changelog(*partition, kSums, nullptr, 0);
    }
  }

  std::optional<StartOffsets> run() {
    const auto start = steady_clock::now();
    auto offsets = stable_offsets();
    if (!offsets || !ask_inputs(*offsets) || !ask_targets(*offsets)) {
      return std::nullopt;
    }
    for (const auto& partition : partitions_) {
      if (!load(*partition) || !begin_changelogs(*partition) || !keep_alive_()) {
        return std::nullopt;
      }
    }
    if (!read(Changelog::Turn::first) || !read(Changelog::Turn::last)) {
      return std::nullopt;
    }
    StageSizes sizes;
    for (const auto& partition : partitions_) {
      for (const auto& [spec, stage] : partition->stages) {
        if (!stage->end_restore(keep_alive_)) {
          return std::nullopt;
        }
        stage->add_sizes(sizes);
      }
    }
    log::info("state_restored", {{"partitions", partitions_.size()},
                                 {"works", sizes.works},
                                 {"records_read", reader_.records_read()},
                                 {"millis", std::chrono::duration_cast<std::chrono::milliseconds>(
                                                steady_clock::now() - start)
                                                .count()}});
    return offsets;
  }

 private:
  void add_changelog(PartitionState& partition, const Changelog& of, Stage* stage,
                     std::size_t index) {
    changelogs_.push_back(
        {{env_.config.kafka.prefixed(of.topic), kafka::Partition{partition.number}},
         of,
         partition,
         stage,
         index,
         {}});
  }

  std::optional<StartOffsets> stable_offsets() {
    std::vector<kafka::TopicPartition> all;
    for (const auto& partition : partitions_) {
      std::ranges::move(env_.inputs.of(partition->number), std::back_inserter(all));
    }
    while (keep_alive_()) {
      const auto committed = env_.group.committed(all, kAskWait);
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

  // Finds out which inputs are other topics than the group has read, and which decisions are
  // unread.
  bool ask_inputs(StartOffsets& offsets) {
    for (kafka::TopicPartitionOffset& from : offsets.all) {
      const auto end = probe_.marks(from.at);
      if (!end) {
        return false;
      }
      if (const auto begin = start_of_input(from.offset, *end); begin != from.offset) {
        log::warn("input_begun_anew",
                  {{"topic", from.at.topic},
                   {"partition", from.at.partition.value},
                   {"offset", from.offset.value},
                   {"end", end->high.value},
                   {"why", "the topic ends before the group's offset: it was made anew or cut"}});
        from.offset = begin;
        begun_anew_.insert(from.at);
      }
      if (from.at.topic != env_.inputs.topic(Input::decisions)) {
        continue;
      }
      const auto stable = probe_.stable_marks(from.at);
      if (!stable) {
        return false;
      }
      if (has_unread(from.offset, *stable)) {
        offsets.first.push_back(from);
      }
    }
    return true;
  }

  bool ask_targets(const StartOffsets& offsets) {
    for (PartitionChangelog& changelog : changelogs_) {
      const auto marks = probe_.marks(changelog.at);
      if (!marks) {
        return false;
      }
      asked_ms_ = env_.clock.now().millis();
      const auto input =
          std::ranges::find(offsets.all, changelog.at, [](const auto& from) { return from.at; });
      changelog.bounds.end = marks->high.value;
      changelog.bounds.target =
          target_of(changelog.of.until, marks->high.value,
                    input == offsets.all.end() ? kafka::Consumer::kBeginning : input->offset);
    }
    return true;
  }

  // Builds what is kept in memory from what is on disk, unless it is in memory already.
  bool load(PartitionState& partition) {
    if (partition.loaded) {
      return true;
    }
    if (const auto stored = partition.stored.store().positions()) {
      partition.stored.positions() = *stored;
      const auto foreign = is_foreign(partition);
      if (!foreign) {
        return false;
      }
      if (*foreign) {
        log::warn("state_set_aside",
                  {{"why", "of another or a later topic"}, {"partition", partition.number}});
        partition.stored.clear();
        for (const auto& [spec, stage] : partition.stages) {
          stage->forget();
        }
      } else if (!load_stored(partition)) {
        return false;
      }
    }
    partition.loaded = true;
    return true;
  }

  // False when it is to stop: nothing is loaded then.
  bool load_stored(PartitionState& partition) {
    for (const auto& [name, sums] : partition.stored.store().totals()) {
      if (!partition.restore_sums(name, sums)) {
        tell_sums_of_nobody(partition, name);
      }
    }
    return std::ranges::all_of(
        partition.stages, [&](const PartitionStage& of) { return of.stage->load(keep_alive_); });
  }

  // Whether the state is of other topics than these: further than they are, or with records behind
  // its position that are older than what it has. Nothing when it is to stop.
  std::optional<bool> is_foreign(const PartitionState& partition) {
    for (const PartitionChangelog* changelog : look_at(partition)) {
      if (is_ahead(changelog->bounds)) {
        log::debug("state_is_ahead", {{"topic", changelog->at.topic},
                                      {"partition", partition.number},
                                      {"position", changelog->bounds.position},
                                      {"end", changelog->bounds.end}});
        return true;
      }
    }
    for (const PartitionChangelog* changelog : look_at(partition)) {
      const auto newest_ms = changelog->stage != nullptr
                                 ? changelog->stage->newest_read_ms(changelog->index)
                                 : std::nullopt;
      if (!newest_ms) {
        continue;
      }
      const auto younger =
          probe_.first_since(changelog->at, UtcTime::from_millis(add_saturated(*newest_ms, 1)));
      if (!younger) {
        return std::nullopt;
      }
      if (is_of_earlier_topic(changelog->bounds.position, *younger)) {
        log::debug("state_is_older", {{"partition", partition.number},
                                      {"position", changelog->bounds.position},
                                      {"written_ms", *newest_ms},
                                      {"later_record", (*younger)->value}});
        return true;
      }
    }
    return false;
  }

  // Tells the stages what they are about to be given. A state of a changelog that is an input too
  // is, to the byte, that of the position which it names, on disk and in memory. Where tombstones
  // between there and here may be gone from the topic, the whole of it is read instead.
  bool begin_changelogs(const PartitionState& partition) {
    for (PartitionChangelog* changelog : look_at(partition)) {
      if (changelog->stage == nullptr) {
        continue;
      }
      if (changelog->of.until == Changelog::Until::taken) {
        const auto why = why_forget(*changelog);
        if (!why) {
          return false;
        }
        if (!why->empty()) {
          log::warn("state_set_aside", {{"why", *why}, {"partition", partition.number}});
          changelog->stage->forget();
          changelog->bounds.position = changelog->position();
        }
      }
      changelog->stage->begin_changelog(changelog->index, changelog->bounds);
    }
    return true;
  }

  // Empty: the state is good. Nothing: it is to stop.
  std::optional<std::string> why_forget(const PartitionChangelog& changelog) {
    switch (judge_taken(changelog.bounds, begun_anew_.contains(changelog.at))) {
      case TakenState::kept:
        return std::string{};
      case TakenState::of_other_topic:
        return std::string{changelog.of.topic}.append(" is another topic");
      case TakenState::maybe_too_old:
        break;
    }
    const auto first_kept = probe_.first_since(
        changelog.at, env_.clock.now() - tombstones_kept(env_.config.kafka, changelog.at.topic));
    if (!first_kept) {
      return std::nullopt;
    }
    return is_too_old(changelog.bounds, *first_kept)
               ? std::string{changelog.of.topic}.append(": older than tombstones are kept")
               : std::string{};
  }

  bool read(Changelog::Turn turn) {
    std::vector<PartitionChangelog*> unread;
    for (PartitionChangelog& changelog : changelogs_) {
      changelog.bounds.position = changelog.position();
      if (changelog.of.turn == turn && changelog.bounds.position < changelog.bounds.target) {
        unread.push_back(&changelog);
      }
    }
    const auto take = [&](PartitionChangelog& changelog, const TopicRecord& record) {
      if (changelog.stage != nullptr) {
        changelog.stage->restore(changelog.index, record);
      } else {
        restore_sums(changelog.partition, record);
      }
    };
    if (!reader_.read(unread, take, [&] { return write_restored(); })) {
      return false;
    }
    for (const PartitionChangelog* changelog : unread) {
      changelog->end();
      // Below a target there are also records that nobody may read: of aborted transactions.
      changelog->partition.stored.positions().written_until(asked_ms_);
    }
    return true;
  }

  // All is written before anything may end the restore: what was restored are views.
  bool write_restored() {
    for (const auto& partition : partitions_) {
      for (const auto& [spec, stage] : partition->stages) {
        stage->write_restored();
      }
      partition->stored.write_kept_sums();
    }
    return std::ranges::all_of(partitions_, [&](const auto& partition) {
      return std::ranges::all_of(partition->stages, [&](const PartitionStage& of) {
        return of.stage->settle_restored(keep_alive_);
      });
    });
  }

  void restore_sums(PartitionState& partition, const TopicRecord& record) {
    partition.stored.positions().totals.read_to(record.offset.value + 1);
    if (!record.key || !record.value) {
      return;
    }
    const auto at = parse_totals_key(*record.key);
    const SumsOwner owner = at ? owner_of_sums(at->kind) : SumsOwner{};
    if (owner.is_nobody()) {
      return tell_sums_of_nobody(partition, *record.key);
    }
    if (owner.stage == nullptr) {
      return;  // sums of other steps lie on the same topic
    }
    if (const auto sums = parse_totals(*record.value)) {
      std::string name = at->kind + ":" + at->provider;
      partition.restore_sums(name, *sums);
      partition.stored.keep_sums({{std::move(name), std::string{*record.value}}});
    }
  }

  // Whoever wrote them would begin at 0 here.
  void tell_sums_of_nobody(const PartitionState& partition, std::string_view name) {
    env_.sums_of_nobody.add();
    log::error("sums_of_nobody", {{"name", name}, {"partition", partition.number}});
  }

  // The changelogs of a partition, with their positions of now.
  std::vector<PartitionChangelog*> look_at(const PartitionState& partition) {
    std::vector<PartitionChangelog*> list;
    for (PartitionChangelog& changelog : changelogs_) {
      if (&changelog.partition == &partition) {
        changelog.bounds.position = changelog.position();
        list.push_back(&changelog);
      }
    }
    return list;
  }

  const RestoreEnvironment& env_;
  const std::vector<std::unique_ptr<PartitionState>>& partitions_;
  const KeepAlive& keep_alive_;
  TopicProbe probe_;
  ChangelogReader reader_;
  std::deque<PartitionChangelog> changelogs_;
  std::set<kafka::TopicPartition> begun_anew_;  ///< inputs that end before the group's offset
  std::int64_t asked_ms_ = 0;                   ///< when the last of the ends was told
};

}  // namespace

std::optional<StartOffsets> restore(const RestoreEnvironment& environment,
                                    const std::vector<std::unique_ptr<PartitionState>>& partitions,
                                    const KeepAlive& keep_alive) {
  return Restore{environment, partitions, keep_alive}.run();
}

}  // namespace freshet
