#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace freshet {

/// One unchanged sighting on `media.seen.v1`: 24 bytes, little endian: key hash, fingerprint,
/// `fetched_at` in microseconds. A message is as many of them as there were in one commit and
/// partition.
struct SeenEntry {
  std::uint64_t key_hash = 0;
  std::uint64_t fingerprint = 0;
  UtcTime fetched_at;
  friend bool operator==(const SeenEntry&, const SeenEntry&) = default;
};
inline constexpr std::size_t kSeenEntryBytes = 24;

void append_seen_entry(std::string& out, const SeenEntry& entry);
/// @param at  kSeenEntryBytes bytes.
SeenEntry read_seen_entry(std::string_view at) noexcept;

/// Calls visit(entry) for each. False when the value is no whole number of entries.
template <class Visit>
bool each_seen_entry(std::string_view value, Visit visit) {
  if (value.size() % kSeenEntryBytes != 0) {
    return false;
  }
  for (; !value.empty(); value.remove_prefix(kSeenEntryBytes)) {
    visit(read_seen_entry(value.substr(0, kSeenEntryBytes)));
  }
  return true;
}

}  // namespace freshet
