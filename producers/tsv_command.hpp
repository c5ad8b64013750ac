#pragma once

#include "core/commands.hpp"
#include "producers/command.hpp"

namespace freshet {

/// Adds `produce tsv`.
void add_tsv_command(CLI::App& produce, Commands& commands, CleanFunction clean);

}  // namespace freshet
