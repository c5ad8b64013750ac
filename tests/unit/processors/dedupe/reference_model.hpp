#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace freshet::reference {

/// One sighting as a cleaned work in JSON text, a removal, or one line in the history of a
/// decision.
struct Event {
  bool is_removal = false;
  std::string decision;  ///< kind; empty: no decision
  bool is_undo = false;
  std::int64_t micros = 0;
  std::uint32_t rules = 1;
  std::string work;  ///< empty for a removal
};

/// What the merged record of one work must be, as a function of the *set* of its events alone.
/// Written for reading, not for speed, and sharing no code with the stage: it sorts the sightings
/// by their stamps and, for every name that occurs, takes the last value that is not null.
struct Expected {
  json::object work;  ///< arrays that are united are in canonical order; empty: never sighted
  std::string status;
  std::int64_t created_millis = 0;
  std::optional<std::int64_t> newest_micros;
  std::string url;  ///< of the newest sighting, also of a work that was erased
  std::optional<std::int64_t> removed_micros;
  std::vector<std::string> older;    ///< `slot@micros`, sorted: values not from the newest sighting
  std::vector<std::string> decided;  ///< kinds that hold now, sorted
};

/// @param http_hosts  the list in force: URLs of these hosts have `http`, all others `https`,
///                    whatever the sightings say.
Expected expect(const std::vector<Event>& events, const std::vector<std::string>& http_hosts = {});

}  // namespace freshet::reference
