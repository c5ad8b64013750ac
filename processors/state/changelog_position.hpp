#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

namespace freshet {

/// How far a state has come in one changelog: the next offset to be read, or less. Reading records
/// again changes nothing, so a lower bound is always right, and a greater number never is. All that
/// moves a position is here.
class ChangelogPosition {
 public:
  constexpr ChangelogPosition() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a position is an offset, with a rule
  constexpr ChangelogPosition(std::int64_t next) noexcept : next_{next} {}

  /// A committed transaction sent so many records. They lie at the end of the changelog, followed
  /// by one marker. What aborted transactions left there makes the true position greater.
  constexpr void sent(std::int64_t records) noexcept { next_ += records > 0 ? records + 1 : 0; }
  /// Everything below this offset was read, or holds nothing that may be read.
  constexpr void read_to(std::int64_t offset) noexcept { next_ = offset; }

  constexpr std::int64_t next() const noexcept { return next_; }
  friend constexpr auto operator<=>(ChangelogPosition, ChangelogPosition) = default;

 private:
  std::int64_t next_ = 0;
};

/// Positions of a partition's state in the changelogs of its works and of its sums.
struct ChangelogPositions {
  ChangelogPosition catalog;
  ChangelogPosition seen;
  ChangelogPosition totals;
  /// Greatest timestamp of a catalogue record below `catalog`, in milliseconds. No record at or
  /// behind the position is as old, so a topic where one is, is another topic of the same name.
  std::int64_t written_ms = 0;

  void written_until(std::int64_t millis) noexcept { written_ms = std::max(written_ms, millis); }
  friend bool operator==(const ChangelogPositions&, const ChangelogPositions&) = default;
};

}  // namespace freshet
