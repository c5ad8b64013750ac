#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"
#include "processors/record/record_head.hpp"
#include "processors/record/stamp.hpp"
#include "processors/state/hot_table.hpp"

namespace freshet {

/// What the table keeps of a work.
///
/// A work that is removed at its source must come back, and claim its URL, with the next sighting,
/// changed or not: as one whose `last_seen_at` is long overdue, it never takes the short way past
/// its record.
HotEntry entry_of(const std::optional<Stamp>& newest, std::optional<UtcTime> last_seen_at,
                  bool is_removed);
HotEntry entry_of(const RecordHead& head);

/// One word for a work and one of its contents.
std::uint64_t seen_hash(std::uint64_t key_hash, std::uint64_t fingerprint);

}  // namespace freshet
