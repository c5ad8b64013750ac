#pragma once

#include "core/commands.hpp"
#include "producers/command.hpp"

namespace freshet {

/// Adds `produce oai_pmh` and `produce iiif`.
void add_protocol_commands(CLI::App& produce, Commands& commands, const CleanFunction& clean);

}  // namespace freshet
