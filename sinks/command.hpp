#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `sink postgres` and `sink elasticsearch`.
void add_sink_commands(CLI::App& root, Commands& commands);

}  // namespace freshet
