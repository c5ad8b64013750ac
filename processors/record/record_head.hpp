#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/record/envelope.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "processors/record/catalog_record.hpp"
#include "processors/record/stamp.hpp"

namespace freshet {

/// What restore needs of a catalogue record, found without reading the rest of it: by marks that
/// stand in the text as `append_catalog_record` writes it. Quotes inside texts are escaped, so no
/// text looks like a mark.
struct RecordHead {
  Status status = Status::live;
  std::optional<Stamp> newest;
  std::optional<UtcTime> removed;
  std::optional<UtcTime> last_seen_at;
};
/// @error Errc::malformed_payload: not in the form that we write; others may have written it.
Result<RecordHead> read_record_head(std::string_view json);

/// Puts another time where the newest sighting's stands; both have 27 characters. False where it
/// does not stand as we write it.
bool set_newest(std::string& json, UtcTime newest);

/// Whether a sighting may have this time.
inline bool is_sighting_time(UtcTime time) {
  return time >= kEarliestSighting && time <= kLatestSighting;
}

}  // namespace freshet
