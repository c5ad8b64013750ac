#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "producers/params.hpp"
#include "producers/run_history.hpp"

namespace freshet {

/// What the command line says about one run.
struct RunOptions {
  std::optional<std::string> date{};
  std::optional<std::int64_t> limit{};      ///< records emitted
  std::optional<std::int64_t> max_pages{};  ///< list requests
  std::optional<Params> initial_params{};   ///< of the first request; later ones follow from it
  std::vector<Params> only_params{};        ///< exactly these requests, in this order
  Params additional_params{};               ///< laid over every list request
  std::optional<std::pair<UtcTime, UtcTime>> slice{};
  bool skip_errors = false;
  std::vector<std::string> skipped_texts{};  ///< errors that have one of them are skipped as well
  /// The run ends with its place kept when it has taken so long; nothing: whatever it takes.
  std::optional<std::chrono::milliseconds> time_limit{};
  std::optional<AgainPlace> again{};  ///< it is this place of a plan of days that are read again
  bool restart = false;               ///< an interrupted run is not resumed
  /// The run counts as complete even if the source announced more records, or earlier full runs had
  /// far more.
  bool accept_fewer = false;
};

}  // namespace freshet
