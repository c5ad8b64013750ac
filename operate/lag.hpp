#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "core/kafka/types.hpp"
#include "core/time.hpp"
#include "operate/broker.hpp"

namespace freshet {

/// Adds `lag`.
void add_lag_command(CLI::App& root, Commands& commands);

/// How far one group is behind in one partition.
struct PartitionLag {
  kafka::TopicPartition at;                ///< topic without prefix
  std::optional<kafka::Offset> committed;  ///< nothing: it never committed, and lags from the start
  kafka::Offset next;        ///< first offset it has not done: `committed`, or the first one kept
  kafka::Offset end;         ///< last stable offset
  std::int64_t records = 0;  ///< unread; markers and compacted gaps are no records
  bool is_estimate = false;
  double seconds = 0;  ///< age of the first unread record; 0 when nothing is unread
};

struct GroupLag {
  std::string group;  ///< without prefix
  std::string state;  ///< of the group: Stable, Empty, Dead …
  int members = 0;
  std::vector<PartitionLag> partitions;

  std::int64_t records() const;
  bool is_estimate() const;
  double seconds() const;  ///< the greatest of the partitions
};

/// What was read of a partition's unread stretch.
struct LagSample {
  std::int64_t records = 0;         ///< read from `next` on
  kafka::Offset read_to;            ///< first offset that was not read; `end` when all was
  std::optional<UtcTime> first_at;  ///< timestamp of the first record
};

/// Spans of up to this many offsets are counted by reading them, longer ones are sampled.
inline constexpr std::int64_t kExactSpan = 5'000;
/// Records read of a longer one.
inline constexpr std::int64_t kSampleRecords = 500;

/// Fills `records`, `is_estimate` and `seconds`.
///
/// Offsets between `next` and `end` are not all records: every transaction leaves a marker in each
/// partition that it touched, aborted records stay, and compaction leaves gaps. What was read is
/// counted; of the rest the same share is taken for records.
void apply_sample(PartitionLag& lag, const LagSample& sample, UtcTime now);

/// Asks the broker for a group's commits and the last stable offsets, and reads what lies between
/// as apply_sample says. `consumer` has no group; its assignment is gone afterwards.
/// @error WorkFailed: the broker does not answer, or lacks the topic.
GroupLag read_lag(const KnownGroup& known, const Config::Kafka& config, kafka::Admin& admin,
                  kafka::Consumer& consumer, const std::stop_token& stop);

/// Where a group starts to read: its commit, but not before the first offset that is kept.
kafka::Offset next_to_read(std::optional<kafka::Offset> committed, kafka::Offset low);

std::string format_lag_table(const std::vector<GroupLag>& groups);
std::string format_lag_json(const std::vector<GroupLag>& groups);

}  // namespace freshet
