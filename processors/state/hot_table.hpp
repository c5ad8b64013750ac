#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/time.hpp"

namespace freshet {

/// What memory holds of a work.
struct HotEntry {
  std::uint64_t fingerprint = 0;    ///< of the newest sighting; 0: there was none
  UtcTime newest;                   ///< when that content was last seen; 0 … 2^52 − 1 microseconds
  std::uint16_t last_seen_day = 0;  ///< see `day_of` of the record's `last_seen_at`
  friend bool operator==(const HotEntry&, const HotEntry&) = default;
};

/// Days since 1970 modulo 4096: enough to tell that `touch_after` may have passed.
std::uint16_t day_of(UtcTime time) noexcept;
/// A day that lies further before `time` than any `touch_after`: 2048 days.
std::uint16_t long_before(UtcTime time) noexcept;
/// Whole days from the day `from` to `time`, modulo 4096.
int days_since(std::uint16_t from, UtcTime time) noexcept;

/// The 24 bytes per work that answer the common case, an unchanged sighting, without a look at the
/// record: key hash, fingerprint, and time and day in one word.
///
/// Open addressing with linear probing, kept in the order of the hashes: a miss ends as early as a
/// hit, which is what a first load consists of. 64 segments, each grown by itself by 1.3 at a load
/// of 0.8: 30 to 39 bytes per work, and never more than one segment twice.
///
/// Two works with one hash share an entry, the one set last; callers compare fingerprints.
///
/// With a limit, a work that finds no room is left out, and the table is not complete from then on:
/// of a work that it does not know, only the records can tell.
///
/// @thread_safety  One thread.
class HotTable {
 public:
  HotTable();

  std::optional<HotEntry> find(std::uint64_t hash) const noexcept;
  /// @return false when it is a new work and the limit leaves no room for it.
  bool set(std::uint64_t hash, const HotEntry& entry);
  void erase(std::uint64_t hash) noexcept;
  void clear();
  /// Gives an empty table the room for so many works: filled one by one it moves each of them four
  /// times. Does nothing near the limit, where room that the one segment does not need is lacking
  /// in another.
  void reserve(std::size_t works);

  /// Most bytes of slots that further works may take; 0: no limit.
  void limit(std::size_t bytes) noexcept { limit_bytes_ = bytes; }
  /// Whether every work that was ever set, and not erased, is here.
  bool is_complete() const noexcept { return is_complete_; }
  void mark_incomplete() noexcept { is_complete_ = false; }

  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept;

  /// Calls visit(hash, entry) for each, in ascending order of the hash.
  template <class Visit>
  void each(Visit visit) const {
    for (const Segment& segment : segments_) {
      for (std::size_t i = 0; i < segment.length; ++i) {
        if (segment.slots[i].hash != 0) {
          visit(segment.slots[i].hash, unpack(segment.slots[i]));
        }
      }
    }
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;  ///< 0: empty
    std::uint64_t fingerprint = 0;
    std::uint64_t packed = 0;  ///< microseconds << 12 | day
  };
  static_assert(sizeof(Slot) == 24);

  struct Segment {
    std::unique_ptr<Slot[]> slots;
    std::size_t capacity = 0;  ///< what hashes are spread over
    std::size_t length = 0;    ///< with the room behind it for the last cluster
    std::size_t used = 0;

    std::size_t home(std::uint64_t hash) const noexcept;
    /// Index of the hash, or of the slot where it belongs; `length` when that is past the end.
    std::size_t locate(std::uint64_t hash) const noexcept;
    bool insert(std::size_t at, const Slot& slot) noexcept;
    void grow(std::size_t capacity);
  };
  static constexpr std::size_t kSegments = 64;

  static HotEntry unpack(const Slot& slot) noexcept;
  static std::uint64_t stored_hash(std::uint64_t hash) noexcept { return hash == 0 ? 1 : hash; }
  static std::size_t segment_of(std::uint64_t hash) noexcept { return hash >> 58U; }

  bool grow(Segment& segment, std::size_t capacity);

  std::array<Segment, kSegments> segments_;
  std::size_t size_ = 0;
  std::size_t slot_bytes_ = 0;
  std::size_t limit_bytes_ = 0;
  bool is_complete_ = true;
};

}  // namespace freshet
