#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "producers/declared/source_file.hpp"

namespace freshet {

struct ScheduledRun {
  std::vector<std::string> providers;  ///< commands; none: `produce.scheduled`, else `if_unset`
  std::vector<SourceFile> files;       ///< run beside `providers`; without either as above
  enum class IfUnset { all, none } if_unset = IfUnset::all;
  /// Ends when nothing was due for so long, with exit 1 if a run failed; nothing: when it is
  /// stopped.
  std::optional<std::chrono::milliseconds> until_idle;
};

/// Runs providers when their schedules say so, each on a thread of its own, so that none waits for
/// another. Several such processes share the work: whichever takes a provider over first runs it.
/// What was done is known from `producer.state.v1` alone.
/// @throws StartupError  no broker answers; a provider is not known, or one that was named has no
///         schedule or lacks its key.
int run_scheduled(const ScheduledRun& run, const Context& context);

}  // namespace freshet
