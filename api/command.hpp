#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `api`.
void add_api_commands(CLI::App& root, Commands& commands);

}  // namespace freshet
