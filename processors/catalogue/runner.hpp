#pragma once

#include <chrono>
#include <optional>

#include "core/commands.hpp"

namespace freshet {

struct CatalogueRun {
  int loops = 0;  ///< 0: as many as there are cores
  /// Records that all loops together write at most for other reasons than a sighting or a decision;
  /// 0: no limit. ADR 0031.
  int background_per_second = 2'000;
  /// Ends when everything in the topics was done for so long.
  std::optional<std::chrono::milliseconds> until_idle;
};

/// `freshet process catalogue`: runs the loops until it is told to stop, or until they are idle.
/// @return ExitCode::done. @error StartupError, WorkFailed.
int run_catalogue(const CatalogueRun& run, const Context& context);

}  // namespace freshet
