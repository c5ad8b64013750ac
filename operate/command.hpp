#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `topics`, `schema`, `lag`, `stats`, `replay` and `dead-letter`.
void add_operate_commands(CLI::App& root, Commands& commands);

}  // namespace freshet
