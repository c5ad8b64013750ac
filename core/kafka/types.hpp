#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace freshet::kafka {

/// Strong types: a partition is never taken for an offset.
struct Partition {
  std::int32_t value = 0;
  friend constexpr auto operator<=>(Partition, Partition) = default;
};

/// Position in a partition. A committed offset is the *next* one to read.
struct Offset {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(Offset, Offset) = default;
};

/// `topic` is the broker's name, with the prefix.
struct TopicPartition {
  std::string topic;
  Partition partition;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

struct TopicPartitionOffset {
  TopicPartition at;
  Offset offset;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One record to produce. All views are copied by `produce` before it returns.
struct OutRecord {
  std::string_view topic;              ///< the broker's name, with the prefix
  std::optional<Partition> partition;  ///< nothing: murmur2 of the key
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< nothing: tombstone
  const Headers* headers = nullptr;
  std::optional<UtcTime> timestamp;
};

}  // namespace freshet::kafka
