#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/totals.hpp"
#include "producers/run_state.hpp"

// Whether a full run, which speaks for every work of its source, has a size that is credible.

namespace freshet {

/// An end that nothing else bears out is asked for again this much later, before it is believed:
/// what a source tells in error for a day would have been noticed.
inline constexpr std::chrono::hours kDoubtRests{24};

/// How the last set of a run ended.
enum class RunEnd {
  proven,
  unproven,  ///< with an empty page behind a full one
  believed,  ///< likewise; but it was found again later, or no earlier run's works can be removed
};

/// Why a run is not complete; nothing: it is. Half of the median of earlier full runs is the least
/// that is believed.
/// @param counts   `listed` and `emitted` of the run
/// @param earlier  the last full runs, oldest first
std::optional<std::string> too_few(const Totals& counts, const std::vector<FullRun>& earlier,
                                   RunEnd end);

/// Adds a full run, and forgets the oldest where there are enough to measure a later one by.
void keep_full_run(std::vector<FullRun>& runs, FullRun run);

}  // namespace freshet
