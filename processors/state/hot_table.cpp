#include "processors/state/hot_table.hpp"

#include <cmath>
#include <cstring>

#include "core/check.hpp"

namespace freshet {
namespace {

constexpr unsigned kDayBits = 12;
constexpr std::uint64_t kDayMask = (1U << kDayBits) - 1;
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr std::size_t kLeastCapacity = 8;

std::size_t length_for(std::size_t capacity) { return capacity + 16 + capacity / 128; }
std::size_t next_capacity(std::size_t capacity) {
  return std::max(kLeastCapacity, capacity + capacity * 3 / 10);
}

__extension__ using Wide = unsigned __int128;

}  // namespace

std::uint16_t day_of(UtcTime time) noexcept {
  return static_cast<std::uint16_t>(static_cast<std::uint64_t>(time.micros / kMicrosPerDay) &
                                    kDayMask);
}

std::uint16_t long_before(UtcTime time) noexcept {
  return static_cast<std::uint16_t>((day_of(time) + 2048U) & kDayMask);
}

int days_since(std::uint16_t from, UtcTime time) noexcept {
  return static_cast<int>((std::uint64_t{day_of(time)} - from) & kDayMask);
}

HotTable::HotTable() = default;

HotEntry HotTable::unpack(const Slot& slot) noexcept {
  return {slot.fingerprint, UtcTime{static_cast<std::int64_t>(slot.packed >> kDayBits)},
          static_cast<std::uint16_t>(slot.packed & kDayMask)};
}

// The bits below the segment's, spread over the capacity; monotone, so clusters stay in order.
std::size_t HotTable::Segment::home(std::uint64_t hash) const noexcept {
  return static_cast<std::size_t>((Wide{hash << 6U} * capacity) >> 64U);
}

std::size_t HotTable::Segment::locate(std::uint64_t hash) const noexcept {
  std::size_t at = capacity == 0 ? length : home(hash);
  while (at < length && slots[at].hash != 0 && slots[at].hash < hash) {
    ++at;
  }
  return at;
}

// Moves the rest of the cluster up by one. False when there is no free slot up to the end.
bool HotTable::Segment::insert(std::size_t at, const Slot& slot) noexcept {
  std::size_t free = at;
  while (free < length && slots[free].hash != 0) {
    ++free;
  }
  if (free >= length) {
    return false;
  }
  std::memmove(static_cast<void*>(&slots[at + 1]), &slots[at], (free - at) * sizeof(Slot));
  slots[at] = slot;
  ++used;
  return true;
}

void HotTable::Segment::grow(std::size_t new_capacity) {
  for (;; new_capacity += new_capacity / 4) {
    Segment bigger;
    bigger.capacity = new_capacity;
    bigger.length = length_for(new_capacity);
    bigger.slots = std::make_unique<Slot[]>(bigger.length);
    std::size_t next = 0;
    bool fits = true;
    for (std::size_t i = 0; i < length && fits; ++i) {
      if (slots[i].hash != 0) {
        next = std::max(next, bigger.home(slots[i].hash));
        fits = next < bigger.length;
        if (fits) {
          bigger.slots[next++] = slots[i];
        }
      }
    }
    if (fits) {
      bigger.used = used;
      *this = std::move(bigger);
      return;
    }
  }
}

std::optional<HotEntry> HotTable::find(std::uint64_t hash) const noexcept {
  hash = stored_hash(hash);
  const Segment& segment = segments_[segment_of(hash)];
  const std::size_t at = segment.locate(hash);
  if (at < segment.length && segment.slots[at].hash == hash) {
    return unpack(segment.slots[at]);
  }
  return std::nullopt;
}

// False when the limit forbids it.
bool HotTable::grow(Segment& segment, std::size_t capacity) {
  const std::size_t others = slot_bytes_ - segment.length * sizeof(Slot);
  if (limit_bytes_ != 0 && others + length_for(capacity) * sizeof(Slot) > limit_bytes_) {
    is_complete_ = false;
    return false;
  }
  segment.grow(capacity);
  slot_bytes_ = others + segment.length * sizeof(Slot);
  return true;
}

bool HotTable::set(std::uint64_t hash, const HotEntry& entry) {
  hash = stored_hash(hash);
  const auto micros = static_cast<std::uint64_t>(entry.newest.micros);
  FRESHET_CHECK(micros >> (64 - kDayBits) == 0);
  const Slot slot{hash, entry.fingerprint, micros << kDayBits | (entry.last_seen_day & kDayMask)};
  Segment& segment = segments_[segment_of(hash)];
  std::size_t at = segment.locate(hash);
  if (at < segment.length && segment.slots[at].hash == hash) {
    segment.slots[at] = slot;
    return true;
  }
  if ((segment.used + 1) * 5 > segment.capacity * 4) {
    if (!grow(segment, next_capacity(segment.capacity))) {
      return false;
    }
    at = segment.locate(hash);
  }
  while (at >= segment.length || !segment.insert(at, slot)) {
    // The last cluster has outgrown the room behind it.
    if (!grow(segment, segment.capacity + segment.capacity / 8 + 1)) {
      return false;
    }
    at = segment.locate(hash);
  }
  ++size_;
  return true;
}

void HotTable::erase(std::uint64_t hash) noexcept {
  hash = stored_hash(hash);
  Segment& segment = segments_[segment_of(hash)];
  std::size_t at = segment.locate(hash);
  if (at >= segment.length || segment.slots[at].hash != hash) {
    return;
  }
  // What was moved up for the lack of its own slot moves down again.
  while (at + 1 < segment.length && segment.slots[at + 1].hash != 0 &&
         segment.home(segment.slots[at + 1].hash) <= at) {
    segment.slots[at] = segment.slots[at + 1];
    ++at;
  }
  segment.slots[at] = Slot{};
  --segment.used;
  --size_;
}

void HotTable::clear() {
  segments_ = {};
  size_ = 0;
  slot_bytes_ = 0;
  is_complete_ = true;
}

// Hashes spread over the segments like throws of a die: hardly one gets four deviations more than
// its share. But segments that a limit stopped are not alike: each may have to grow once more.
void HotTable::reserve(std::size_t works) {
  FRESHET_CHECK(size_ == 0);
  const double share = static_cast<double>(works) / kSegments;
  const auto capacity = static_cast<std::size_t>((share + 4 * std::sqrt(share)) * 5 / 4);
  if (capacity <= kLeastCapacity ||
      (limit_bytes_ != 0 &&
       kSegments * length_for(next_capacity(capacity)) * sizeof(Slot) > limit_bytes_)) {
    return;
  }
  for (Segment& segment : segments_) {
    grow(segment, capacity);
  }
}

std::size_t HotTable::bytes() const noexcept { return sizeof *this + slot_bytes_; }

}  // namespace freshet
