#pragma once

#include "core/clean_preview.hpp"
#include "core/commands.hpp"

namespace freshet {

/// Adds `produce`.
/// @param clean  for `--dry-run --cleaned` and `--rejects`.
void add_producer_commands(CLI::App& root, Commands& commands, CleanFunction clean);

}  // namespace freshet
