#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/usage/event.hpp"

namespace freshet::usage {

/// What a sum of a day is about: a row of `usage_rollup`. docs/sinks.md lists the measures.
struct RollupKey {
  std::string day;  ///< `2026-11-30`, of occurred_at
  std::string measure;
  std::string label;
  std::string sublabel;
  friend auto operator<=>(const RollupKey&, const RollupKey&) = default;
};

/// A work at a rank within an hour: a row of `usage_click`.
struct ClickKey {
  std::string hour;        ///< `2026-11-30T12:00:00.000Z`
  std::string identifier;  ///< UUID in lower case
  std::int64_t rank = -1;  ///< -1: not said
  friend auto operator<=>(const ClickKey&, const ClickKey&) = default;
};

struct ClickCount {
  std::string media_type;  ///< empty: not said
  std::int64_t impressions = 0;
  std::int64_t clicks = 0;
};

/// What events come to, in the order in which the database is to be told, so that two sinks never
/// wait for each other.
struct Facts {
  std::map<RollupKey, std::int64_t> rollups;
  std::map<ClickKey, ClickCount> clicks;

  /// Of a label. Strangers say what stands in many of them, and an entry of an index has room for
  /// 2,704 bytes: two labels of so many characters, of four bytes each, go into one.
  static constexpr std::size_t kLongestLabel = 200;

  /// Counts one event that was not counted before.
  void add(const Event& event);
};

/// The upper end, in milliseconds, of the class that a response time is counted in: exact up to 20,
/// then within a twentieth. Percentiles are read from these.
std::int64_t response_time_class(double milliseconds);

}  // namespace freshet::usage
