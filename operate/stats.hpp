#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `stats`.
void add_stats_command(CLI::App& root, Commands& commands);

}  // namespace freshet
