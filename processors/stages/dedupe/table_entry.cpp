#include "processors/stages/dedupe/table_entry.hpp"

#include <array>

#include "core/hash.hpp"

namespace freshet {

HotEntry entry_of(const std::optional<Stamp>& newest, std::optional<UtcTime> last_seen_at,
                  bool is_removed) {
  if (!newest) {
    return {};
  }
  const bool passes = !is_removed && last_seen_at;
  return {newest->content_hash, newest->fetched_at,
          passes ? day_of(*last_seen_at) : long_before(newest->fetched_at)};
}

HotEntry entry_of(const RecordHead& head) {
  const bool is_removed = head.newest && head.removed && *head.removed > head.newest->fetched_at;
  return entry_of(head.newest, head.last_seen_at, is_removed);
}

std::uint64_t seen_hash(std::uint64_t key_hash, std::uint64_t fingerprint) {
  const std::array<std::uint64_t, 2> words{key_hash, fingerprint};
  return xxh3({reinterpret_cast<const char*>(words.data()), sizeof words});
}

}  // namespace freshet
