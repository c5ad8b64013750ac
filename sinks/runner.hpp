#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/commands.hpp"
#include "sinks/pipeline.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// One sink as the registry lists it.
struct SinkSpec {
  std::string name;  ///< `postgres`: the command, and the group `sink.postgres`
  std::string meaning;
  /// How many batches may be written at the same time. One where the store keeps the offsets: they
  /// move in order.
  std::size_t writers = 1;
  /// @param stop  stopped when an exchange with the store under way is to be given up
  std::function<std::unique_ptr<Sink>(const Config&, const std::string& group,
                                      std::stop_token stop)>
      make;
  /// Nothing: it has none.
  std::function<std::unique_ptr<SinkCompanion>(const Config&, Metrics&, std::stop_token stop)>
      companion{};
};

struct SinkRunOptions {
  /// End with success when everything in the topic has been done for so long.
  std::optional<std::chrono::milliseconds> until_idle;
};

/// Runs a sink until it is told to stop, or is idle, or cannot go on.
///
/// Consumes `media.catalog.v1` as a static member of the group `sink.<name>`; a batch's offsets
/// count as done once all before them are (ProgressTracker). A store that does not take anything
/// for some seconds makes the loop give its assignment back to itself: it polls on, so that it
/// stays in the group, holds no more than what is filled and written, and reads on from there.
///
/// @return exit code: done, or failed after an error line.
/// @error  StartupError: broker or store cannot be reached at the start.
int run_sink(const SinkSpec& spec, const Context& context, const SinkRunOptions& options);

}  // namespace freshet
