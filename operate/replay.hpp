#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `replay`.
void add_replay_command(CLI::App& root, Commands& commands);

}  // namespace freshet
