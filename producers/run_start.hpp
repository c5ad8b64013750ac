#pragma once

#include "producers/output.hpp"
#include "producers/provider.hpp"
#include "producers/run_options.hpp"

namespace freshet {

/// A run as it begins, or goes on.
struct StartedRun {
  Run run;
  RunState state;
  Cursor cursor;
  bool is_resumed = false;
};

/// What a run reads: its date, slice and page size, from the options and what the provider can do.
/// @throws StartupError  the options do not suit the provider.
Run planned_run(const ProviderSpec& spec, const RunOptions& options, UtcTime now);

/// What a run is measured by. A day counts as read again when it has passed for a week.
RunKind kind_of(const Run& run, const RunOptions& options);

/// Takes the provider over, finds out whether its last run is gone on with, and writes the state of
/// this one.
/// @throws StartupError  as `planned_run`
/// @throws RefusedError  another run of this provider goes on
/// @throws WorkFailed    the output fails
StartedRun start_run(const ProviderSpec& spec, const RunOptions& options, Output& output,
                     const Clock& clock);

}  // namespace freshet
