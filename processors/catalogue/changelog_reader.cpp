#include "processors/catalogue/changelog_reader.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/result.hpp"

namespace freshet {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kReadRecords = 5'000;
constexpr auto kReadWait = 100ms;
constexpr auto kTellEvery = 5s;
// Without a record for so long, it is asked whether there is one to come.
constexpr auto kStandstill = 10s;

using Targets = std::map<kafka::TopicPartition, std::int64_t>;

bool reached(kafka::Consumer& reader, const Targets& targets) {
  const auto positions = reader.positions();
  if (!positions) {
    return false;
  }
  const auto done = std::ranges::count_if(*positions, [&](const auto& known) {
    const auto& [at, position] = known;
    return position && position->value >= targets.at(at);
  });
  return static_cast<std::size_t>(done) == targets.size();
}

void tell_what_is_awaited(kafka::Consumer& reader, const Targets& targets) {
  const auto positions = reader.positions();
  for (const auto& [at, position] : positions ? *positions : decltype(positions)::value_type{}) {
    const std::int64_t target = targets.at(at);
    if (!position || position->value < target) {
      log::info("restore_stands_still", {{"topic", at.topic},
                                         {"partition", at.partition.value},
                                         {"position", position ? position->value : -1},
                                         {"target", target}});
    }
  }
}

PartitionChangelog& find(const std::vector<PartitionChangelog*>& changelogs,
                         const kafka::Message& message) {
  const auto found = std::ranges::find_if(changelogs, [&](const PartitionChangelog* changelog) {
    return changelog->at.partition == message.partition() && changelog->at.topic == message.topic();
  });
  FRESHET_CHECK(found != changelogs.end());
  return **found;
}

}  // namespace

std::int64_t PartitionChangelog::position() const {
  return stage != nullptr ? stage->position(index) : partition.stored.positions().totals.next();
}

void PartitionChangelog::end() const {
  if (stage != nullptr) {
    stage->end_changelog(index, bounds);
  } else {
    partition.stored.positions().totals.read_to(bounds.target);
  }
}

bool ChangelogReader::read(const std::vector<PartitionChangelog*>& changelogs, const Take& take,
                           const AfterPoll& after_poll) {
  if (changelogs.empty()) {
    return true;
  }
  kafka::ConsumerOptions options;
  options.partition_end_events = true;
  options.queued_max_kbytes = 32'768;
  kafka::Consumer reader{config_, options};
  std::vector<kafka::TopicPartitionOffset> from;
  Targets targets;
  for (const PartitionChangelog* changelog : changelogs) {
    targets.emplace(changelog->at, changelog->bounds.target);
    from.push_back({changelog->at, kafka::Offset{changelog->bounds.position}});
  }
  if (const auto assigned = reader.assign(from); !assigned) {
    throw WorkFailed("restore: " + assigned.error().message());
  }
  auto progressed = steady_clock::now();
  for (auto told = progressed; !reached(reader, targets);) {
    if (!keep_alive_()) {
      return false;
    }
    if (steady_clock::now() - progressed > kStandstill) {
      progressed = steady_clock::now();
      tell_what_is_awaited(reader, targets);
      if (!check_reachable(changelogs)) {
        return false;
      }
    }
    const auto polled = reader.poll(kReadWait, kReadRecords);
    if (!polled) {
      if (polled.error().retry() == Retry::never) {
        throw WorkFailed("restore: " + polled.error().message());
      }
      log::warn("restore_waited", {{"text", polled.error().message()}});
      continue;
    }
    hand_over(*polled, changelogs, take);
    if (!polled->messages.empty()) {
      progressed = steady_clock::now();
    }
    if (!after_poll()) {
      return false;
    }
    if (steady_clock::now() - told > kTellEvery) {
      told = steady_clock::now();
      log::info("restore_progressed", {{"records_read", records_read_}});
    }
  }
  return true;
}

void ChangelogReader::hand_over(const kafka::Polled& polled,
                                const std::vector<PartitionChangelog*>& changelogs,
                                const Take& take) {
  // Neighbours are of one partition, and a topic's name has one place in memory per handle.
  const char* topic = nullptr;
  PartitionChangelog* changelog = nullptr;
  for (const kafka::Message& message : polled.messages) {
    if (changelog == nullptr || topic != message.topic().data() ||
        changelog->at.partition != message.partition()) {
      topic = message.topic().data();
      changelog = &find(changelogs, message);
    }
    ++records_read_;
    // What lies behind the target of an input is to be read as such.
    if (changelog->of.until == Changelog::Until::end ||
        message.offset().value < changelog->bounds.target) {
      take(*changelog, TopicRecord::of(message));
    }
  }
}

// What stands still may wait for a transaction to end, or for what is no more: a topic that was
// deleted, or lost its end, since it was asked.
bool ChangelogReader::check_reachable(const std::vector<PartitionChangelog*>& changelogs) {
  for (const PartitionChangelog* changelog : changelogs) {
    const auto marks = probe_.marks(changelog->at);
    if (!marks) {
      return false;
    }
    if (marks->high.value < changelog->bounds.target) {
      throw WorkFailed("restore: " + changelog->at.topic + "[" +
                       std::to_string(changelog->at.partition.value) +
                       "] became shorter while it was read: a restart begins anew");
    }
  }
  return true;
}

}  // namespace freshet
