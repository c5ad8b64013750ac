#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `up`: every role of the stream in one process, for a laptop. Each role is the command of
/// its own name with its defaults (`process catalogue`, `sink postgres`, `sink elasticsearch`,
/// `api`), on a thread of its own; they share metrics and one metrics server. When one fails, all
/// are stopped and its exit code is the process's.
///
/// Call after the folders' commands were added.
void add_up_command(CLI::App& root, Commands& commands);

}  // namespace freshet
