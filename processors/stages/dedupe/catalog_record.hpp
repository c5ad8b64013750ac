#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "processors/stages/dedupe/stamp.hpp"
#include "processors/work.hpp"

namespace freshet {

/// Of several that apply the last wins. A record without `work` is never live: until a sighting
/// comes it is `removed_at_source`, unless a decision blocks it.
enum class Status : std::uint8_t { live, duplicate, removed_at_source, blocked };
inline constexpr std::size_t kStatusCount = 4;
std::string_view to_string(Status status) noexcept;
std::optional<Status> parse_status(std::string_view text) noexcept;

/// What a stamp in `seen.older` is about: a field or unit of the work, or a top-level member.
enum class SlotGroup : std::uint8_t { field, audio_set, meta_data };

/// The stamp of one slot whose value does not come from the newest sighting. On topics the slot is
/// `creator`, `audio_set.title` or `meta_data.views`; `license` and `tags` name the two units.
struct Older {
  SlotGroup group = SlotGroup::field;
  std::string_view name;  ///< decoded
  Stamp stamp;
  friend bool operator==(const Older&, const Older&) = default;
};

/// Sorted by (group, name).
using OlderList = std::pmr::vector<Older>;

/// What dedupe has to know of the sightings to place the next one, in whatever order it comes.
struct Seen {
  std::optional<Stamp> newest;     ///< nothing: never sighted
  std::optional<UtcTime> removed;  ///< greatest time at which the source said that it is gone
  std::string_view url_hash;       ///< 32 hex digits of the claimed URL; empty: never sighted
  OlderList older;

  explicit Seen(std::pmr::memory_resource* memory) : older{memory} {}
};

/// Whether the source said after the newest sighting that it no longer has the work.
inline bool is_removed(const Seen& seen) {
  return seen.newest && seen.removed && *seen.removed > seen.newest->fetched_at;
}

/// A record of `media.catalog.v1` as slices: `work`, `derived` and `decisions` stay JSON text until
/// somebody needs them.
struct CatalogRecord {
  std::string_view key;                        ///< decoded
  std::string_view identifier;                 ///< UUID of the key; empty: not made yet
  std::string_view former_identifiers = "[]";  ///< JSON array
  std::int64_t revision = 0;
  Status status = Status::live;
  std::string_view duplicate_of;  ///< decoded key; empty: none
  UtcTime created_on;             ///< whole milliseconds, like the next two
  UtcTime updated_on;
  std::optional<UtcTime> last_seen_at;  ///< nothing: never sighted
  std::string_view work;                ///< JSON object; empty: never sighted, or erased
  std::string_view derived;             ///< JSON object
  std::string_view decisions;           ///< JSON object
  Seen seen;

  explicit CatalogRecord(std::pmr::memory_resource* memory) : seen{memory} {}
};

/// `{"takedown":null,"sensitive":null,"erase":null}`
extern const std::string_view kNoDecisions;

/// Appends the record as it stands on the topic; the bytes are a function of the content alone.
void append_catalog_record(std::string& out, const CatalogRecord& record);

/// Reads what `append_catalog_record` wrote, trusting that values are well-formed JSON.
/// @return views into `json` and `arena`.
/// @error Errc::malformed_payload, Retry::never.
Result<CatalogRecord> parse_catalog_record(std::string_view json, Arena& arena);

}  // namespace freshet
