#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace freshet {

/// A revision of a catalogue record is a time in milliseconds since 1970, or a little later: from 1
/// to the end of the year 9999. Processor and sinks refuse any other, so that every revision fits a
/// time, a version of Elasticsearch, a `bigint` and a number of JavaScript. The greatest revision
/// is its own successor, so stores take no further record of such a work. Only a record that was
/// not written by us can have it.
inline constexpr std::int64_t kMostRevision = 253'402'300'799'999;

constexpr bool is_revision(std::int64_t revision) noexcept {
  return revision >= 1 && revision <= kMostRevision;
}

/// @param previous  a revision, or 0: none.
constexpr std::int64_t next_revision(std::int64_t previous, UtcTime now) noexcept {
  return std::min(std::max(previous + 1, now.millis()), kMostRevision);
}

}  // namespace freshet
