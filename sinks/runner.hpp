#pragma once

#include <chrono>
#include <optional>

#include "core/commands.hpp"
#include "sinks/sink_spec.hpp"

namespace freshet {

struct SinkRunOptions {
  /// End with success when everything in the topic has been done for this long.
  std::optional<std::chrono::milliseconds> until_idle;
};

/// Runs a sink until it is told to stop, or is idle, or cannot go on.
///
/// Consumes its role's topic as a static member of its role's group. The offsets of a batch count
/// as done once all before them are (ProgressTracker). `Assignment` says what the loop does next,
/// and how it stays in the group while the store is away; meanwhile it holds no more than the
/// batches at hand. A member that was fenced joins again, unless another process works under its
/// name.
///
/// @return exit code: done, or failed after an error line.
/// @error  StartupError: broker or store cannot be reached at the start.
int run_sink(const SinkSpec& spec, const Context& context, const SinkRunOptions& options);

}  // namespace freshet
