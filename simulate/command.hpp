#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `simulate recorded`, `simulate providers` and `simulate generate`.
void add_simulate_commands(CLI::App& root, Commands& commands);

}  // namespace freshet
