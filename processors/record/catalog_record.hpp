#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/status.hpp"
#include "core/result.hpp"
#include "core/revision.hpp"
#include "core/time.hpp"
#include "processors/record/stamp.hpp"
#include "processors/record/work.hpp"

namespace freshet {

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
  std::pmr::vector<Member> others;  ///< members that this version does not know

  explicit Seen(std::pmr::memory_resource* memory) : older{memory}, others{memory} {}
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
  /// Members that this version does not know: another one wrote the record. They are carried along.
  std::pmr::vector<Member> others;

  explicit CatalogRecord(std::pmr::memory_resource* memory) : seen{memory}, others{memory} {}
};

/// `{"takedown":null,"sensitive":null,"erase":null}`
extern const std::string_view kNoDecisions;

/// Appends the record as it stands on the topic; the bytes are a function of the content alone.
void append_catalog_record(std::string& out, const CatalogRecord& record);

/// Reads what `append_catalog_record` wrote, trusting that values are well-formed JSON. Times are
/// between 1970 and 9999, `last_seen_at` and those of `seen` as of a sighting; revisions from 1 to
/// kMostRevision; no member stands twice, whatever of its name is escaped.
/// @return views into `json` and `arena`.
/// @error Errc::malformed_payload, Retry::never, with the member at fault.
Result<CatalogRecord> parse_catalog_record(std::string_view json, Arena& arena);

/// Reads a record that anybody may have written, trusting nothing: it must be JSON in UTF-8, with
/// white space or without, and the record of this key. The JSON of `work` is not read as a work.
/// @return views into `json` and `arena`.
/// @error Errc::malformed_payload, wrong_key; Retry::never, with field and rule.
Result<CatalogRecord> read_catalog_record(std::string_view key, std::string_view json,
                                          Arena& arena);

/// What is left of a record that `read_catalog_record` refuses.
struct SavedRecord {
  /// Without each member that cannot be read; `work` only where it is one. `revision` is the
  /// greatest that stands anywhere in it, so that the next one is above; 0: none. Where it is not
  /// the record's own member one of more than a day after `now` does not count: a source may say
  /// anything. `derived` may be empty, `created_on` is `now` where it was lost.
  CatalogRecord record;
  /// The record's first `work` as it stands there, readable or not: as it was counted. Empty: none.
  std::string_view found_work;
  bool has_status = false;
  /// A decision blocked the work, and which one is lost: nobody may show it unasked.
  bool has_lost_block = false;
};
SavedRecord save_catalog_record(std::string_view key, std::string_view json, UtcTime now,
                                Arena& arena);

}  // namespace freshet
