#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "core/commands.hpp"
#include "producers/runner.hpp"

namespace freshet {

/// The key of a provider's API; empty where none is needed. A mirror has no keys to check; a live
/// source without one would refuse every request.
/// @throws StartupError  it needs one that is not set, which the message names.
std::string key_for(const ProviderSpec& spec, const Config& config);

/// What differs between runs by hand and by schedule. All of it outlives the run.
struct ProviderRunParts {
  Output& output;
  std::stop_token stop;
  std::function<void(const Refusal&)> on_refusal{};                     ///< may be null
  std::function<void(const Totals& counts, int errors)> on_progress{};  ///< may be null
};

/// One run with this process's settings: client, rate limits, key, errors to be skipped, metrics.
/// @throws as `run_provider` and `key_for`
RunReport run_with_config(Provider& provider, RunOptions options, const Config& config,
                          Metrics& metrics, ProviderRunParts parts);

}  // namespace freshet
