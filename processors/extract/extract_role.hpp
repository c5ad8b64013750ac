#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/commands.hpp"

namespace freshet {

struct ExtractRun {
  std::string base;  ///< of the archive: URL or folder
  int fetches = 4;   ///< requests at a time
  /// Ends when everything in the topic was done for so long.
  std::optional<std::chrono::milliseconds> until_idle;
};

/// `freshet process extract`: makes sightings of the pages on `media.pages.v1` whose site has an
/// extractor. Sightings, dead letters, sums and offsets of a batch are one transaction, so each
/// page takes effect once.
///
/// While the archive is away, nothing is lost: the batch waits, and `/readyz` says so.
/// @return ExitCode::done; failed when another process works under the same name.
/// @error StartupError, WorkFailed.
int run_extract(const ExtractRun& run, const Context& context);

}  // namespace freshet
