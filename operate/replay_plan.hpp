#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/kafka/types.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// Where a group is to read from: the first record that is kept, the first that is not older than a
/// time, or an offset.
struct ReplayStart {};
using ReplayTarget = std::variant<ReplayStart, UtcTime, kafka::Offset>;

/// `start`, digits, or RFC 3339.
/// @error Errc::invalid_value: it is none of these.
Result<ReplayTarget> parse_replay_target(std::string_view text);

/// What a replay does to one partition.
struct ReplayPartition {
  kafka::TopicPartition at;  ///< with the prefix
  std::optional<kafka::Offset> was;
  kafka::Offset is;
  kafka::Offset end;             ///< last stable offset
  std::int64_t again = 0;        ///< records that were read and are read again
  std::int64_t skipped = 0;      ///< records that nobody has read and that are passed over
  bool is_estimate = false;      ///< of `again` or `skipped`
  std::optional<UtcTime> first;  ///< timestamp of the first of them
};

struct ReplayPlan {
  std::string group;  ///< without prefix
  std::vector<ReplayPartition> partitions;
  double rate = 0;  ///< records a second that the group last did under load; 0: not known

  std::int64_t again() const;
  std::int64_t skipped() const;
  std::optional<UtcTime> oldest() const;
  /// Seconds for what is read again, at that rate; nothing: it is not known.
  std::optional<double> seconds() const;
};

/// One or two sentences: what is read again, and what is passed over.
std::string describe_replay(const ReplayPlan& plan);
std::string format_replay_table(const ReplayPlan& plan);
/// A list, by partition.
std::string format_replay_json(const ReplayPlan& plan);

}  // namespace freshet
