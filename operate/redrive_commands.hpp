#pragma once

#include "core/clean_preview.hpp"
#include "core/commands.hpp"

namespace freshet {

/// Adds `dead-letter redrive` and `dead-letter discard`.
void add_redrive_commands(CLI::App& group, Commands& commands, const Cleaning& cleaning);

}  // namespace freshet
