#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace freshet {

/// What clean makes of one sighting, to be shown to a person.
struct CleanPreview {
  enum class Outcome { cleaned, dropped, rejected };
  Outcome outcome = Outcome::cleaned;
  std::string line;    ///< cleaned: one JSON object with exactly the columns of the media type
  std::string key;     ///< cleaned, dropped: key of the work; empty where it cannot be formed
  std::string reason;  ///< dropped, rejected: why
  std::string field;   ///< rejected: which field
  std::string rule;    ///< rejected: which rule it breaks
};

/// What the processor makes of one record of `media.raw.v1` before it looks at the work's state.
struct RawPreview {
  enum class Kind { sighting, removed, run_finished };
  Kind kind = Kind::sighting;
  std::string fetched_at;  ///< RFC 3339 with six digits; empty: the envelope cannot be read
  /// What clean makes of a sighting. `rejected` for any kind whose envelope cannot be used.
  CleanPreview clean;
};

/// @param work  the raw bytes of a sighting's `work` member.
using CleanFunction = std::function<CleanPreview(std::string_view work)>;
/// @param value  the value of a record of `media.raw.v1`.
using RawFunction = std::function<RawPreview(std::string_view value)>;

/// What the stores' encoder says of a record of `media.catalog.v1`: `cleaned` where it takes it.
using CatalogueFunction = std::function<CleanPreview(std::string_view key, std::string_view value,
                                                     std::string_view schema)>;

/// Clean, for commands that show what it does. Handed to the step folders by `app/`, so that they
/// do not depend on `processors/`.
///
/// @thread_safety  One thread at a time.
struct Cleaning {
  CleanFunction work;
  RawFunction raw;
  CatalogueFunction catalogue{};
};

}  // namespace freshet
