#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/commands.hpp"
#include "core/kafka/types.hpp"
#include "core/time.hpp"
#include "operate/broker.hpp"

namespace freshet {

/// Adds `lag`.
void add_lag_command(CLI::App& root, Commands& commands);

/// What is unread of one source. The source of a record is the provider that its key names.
struct SourceLag {
  std::int64_t records = 0;         ///< an estimate where the partition's is one
  std::optional<UtcTime> first_at;  ///< timestamp of the first of them
  double seconds = 0;               ///< age of the first of them
};
/// By provider; empty name: keys that name none.
using LagBySource = std::map<std::string, SourceLag>;

/// How fast a partition grows and how fast a group reads it, in offsets a second: markers of
/// transactions are among them.
struct LagRates {
  double in = 0;
  double out = 0;
};

enum class Trend { steady, rising, falling };
std::string_view to_string(Trend trend) noexcept;
/// Steady: the rates differ by less than a tenth of a record a second, or by less than 2 %.
Trend trend_of(const LagRates& rates) noexcept;
/// Seconds until nothing is unread if both rates stay; nothing: never. 0 when nothing is unread.
std::optional<double> seconds_to_catch_up(std::int64_t records, const LagRates& rates) noexcept;

/// How far one group is behind in one partition.
struct PartitionLag {
  kafka::TopicPartition at;                ///< topic without prefix
  std::optional<kafka::Offset> committed;  ///< nothing: it never committed, and lags from the start
  kafka::Offset next;        ///< first offset it has not done: `committed`, or the first one kept
  kafka::Offset end;         ///< last stable offset
  std::int64_t records = 0;  ///< unread; markers and compacted gaps are no records
  bool is_estimate = false;
  double seconds = 0;                 ///< age of the first unread record; 0 when nothing is unread
  std::optional<UtcTime> first_at{};  ///< timestamp of the first unread record
  LagBySource by_source{};
  std::optional<LagRates> rates{};  ///< nothing: it was asked only once
};

/// Partitions added up: of a topic, or of all.
struct LagSum {
  std::int64_t records = 0;
  bool is_estimate = false;
  double seconds = 0;               ///< the greatest
  std::optional<LagRates> rates{};  ///< nothing unless all have them

  void add(const PartitionLag& one);

 private:
  bool is_empty_ = true;
};

struct GroupLag {
  std::string group;  ///< without prefix
  std::string state;  ///< of the group: Stable, Empty, Dead …
  int members = 0;
  std::vector<PartitionLag> partitions;

  LagSum sum() const;
  std::map<std::string, LagSum> by_topic() const;
  LagBySource by_source() const;
  std::int64_t records() const { return sum().records; }
};

/// What was read of a partition's unread stretch.
struct LagSample {
  std::int64_t records = 0;         ///< read from `next` on
  kafka::Offset read_to;            ///< first offset that was not read; `end` when all was
  std::optional<UtcTime> first_at;  ///< timestamp of the first record
  LagBySource by_source{};          ///< of the records that were read
};

/// Spans of up to this many offsets are read and counted; longer ones are sampled.
inline constexpr std::int64_t kExactSpan = 5'000;
/// How many records of a longer span are read.
inline constexpr std::int64_t kSampleRecords = 500;

/// Fills `records`, `is_estimate`, `seconds`, `first_at` and `by_source`.
///
/// Offsets between `next` and `end` are not all records: every transaction leaves a marker in each
/// partition that it touched, aborted records stay, and compaction leaves gaps. The records that
/// were read are counted; of the remaining offsets the same share is taken for records.
void apply_sample(PartitionLag& lag, const LagSample& sample, UtcTime now);

/// Reads what `lags` have unread, up to these limits, and fills them in. `consumer` has no group;
/// its assignment is gone afterwards. What could not be read within 20 s is estimated.
void measure_unread(kafka::Consumer& consumer, const Config::Kafka& config,
                    std::vector<PartitionLag>& lags, const std::stop_token& stop);

/// The provider that a key of any of our topics names; empty: none.
std::string_view source_of_key(std::string_view key) noexcept;

/// Fills in the rates between rounds of measuring, over the last half minute at most.
class LagRounds {
 public:
  void add(std::chrono::steady_clock::time_point now, std::vector<GroupLag>& groups);

 private:
  struct Round {
    std::chrono::steady_clock::time_point at;
    /// Next offset and end, by group and partition.
    std::map<std::pair<std::string, kafka::TopicPartition>, std::pair<std::int64_t, std::int64_t>>
        positions;
  };
  std::deque<Round> rounds_;
};

/// Asks the broker for a group's commits and the last stable offsets, and reads what lies between
/// as apply_sample says. `consumer` has no group; its assignment is gone afterwards.
/// @error WorkFailed: the broker does not answer, or lacks the topic.
GroupLag read_lag(const Role& role, const Config::Kafka& config, kafka::Admin& admin,
                  kafka::Consumer& consumer, const std::stop_token& stop);

/// Where a group stands in its topics, from the broker's offsets alone: `records` and `seconds` are
/// not filled.
/// @error WorkFailed: the broker does not answer, or lacks the topic.
std::vector<PartitionLag> read_positions(const Role& role, const Config::Kafka& config,
                                         kafka::Admin& admin, kafka::Consumer& consumer);

/// Where a group starts to read: its commit, but not before the first offset that is kept.
kafka::Offset next_to_read(std::optional<kafka::Offset> committed, kafka::Offset low);

enum class LagRows { sums, partitions };
std::string format_lag_table(const std::vector<GroupLag>& groups,
                             LagRows rows = LagRows::partitions);
std::string format_lag_json(const std::vector<GroupLag>& groups);

}  // namespace freshet
