#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "processors/stages/dedupe/catalog_record.hpp"
#include "processors/stages/dedupe/merge.hpp"
#include "processors/stages/dedupe/rules.hpp"

namespace freshet {

/// What an update reads besides the record and the event. The time is read once per batch.
struct UpdateContext {
  UtcTime batch_time;
  std::chrono::microseconds touch_after;
  const DedupeRules& rules;
};

/// What one event did to the record of a work.
struct Update {
  enum class Effect {
    none,       ///< nothing to write
    seen_only,  ///< only the time of `seen.newest` moved: a seen entry says it in 24 bytes
    record,     ///< `json` is to be written
  };
  Effect effect = Effect::none;
  bool created = false;          ///< there was no record before
  bool revised = false;          ///< the public part changed: it has a new revision
  std::optional<Status> before;  ///< status of the earlier record
  Status after = Status::live;
  std::optional<Stamp> newest;
  std::optional<UtcTime> last_seen_at;
};

/// Applies a cleaned sighting to the record as last written (or to none).
///
/// @param newest_seen  the greatest time at which the newest sighting's very content was seen,
/// where
///                     that is later than the record says: unchanged sightings are not written.
/// @param work         is normalised by this call.
/// @param json         the new record is appended when the effect says so.
Update apply_sighting(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                      std::string_view key, Work& work, const Stamp& stamp,
                      const UpdateContext& context, Arena& arena, std::string& json);

/// Applies the content of the newest sighting, seen at `at` (again later, or earlier than known).
/// It moves at most `created_on` and, once per `touch_after`, `last_seen_at`.
Update apply_repeat(const CatalogRecord& previous, std::optional<UtcTime> newest_seen, UtcTime at,
                    const UpdateContext& context, Arena& arena, std::string& json);

/// Applies the source's word that it no longer has the work, said at `at`.
Update apply_removal(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                     std::string_view key, UtcTime at, const UpdateContext& context, Arena& arena,
                     std::string& json);

}  // namespace freshet
