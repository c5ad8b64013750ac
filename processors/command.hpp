#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `process catalogue`.
void add_processor_commands(CLI::App& root, Commands& commands);

}  // namespace freshet
