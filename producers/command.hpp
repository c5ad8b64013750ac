#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/commands.hpp"

namespace freshet {

/// What clean makes of one sighting, for `produce --dry-run --cleaned` and `--rejects`. Handed in
/// by `app/`, so that producers do not depend on processors.
struct CleanPreview {
  enum class Outcome { cleaned, dropped, rejected };
  Outcome outcome = Outcome::cleaned;
  std::string line;    ///< cleaned: one JSON object with exactly the columns of the media type
  std::string reason;  ///< dropped, rejected: why
  std::string field;   ///< rejected: which field
  std::string rule;    ///< rejected: which rule it breaks
};

/// @param work  the raw bytes of a sighting's `work` member.
using CleanFunction = std::function<CleanPreview(std::string_view work)>;

/// Adds `produce`.
void add_producer_commands(CLI::App& root, Commands& commands, CleanFunction clean);

}  // namespace freshet
