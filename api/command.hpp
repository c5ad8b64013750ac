#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `api`.
void add_api_commands(CLI::App& root, Commands& commands);

/// Serves the REST API until a stop is asked for; then lets requests under way finish.
///
/// @param server  gets the component `api`: ready while both stores answer and have their tables
///                and aliases
/// @error StartupError when a store cannot be reached or an address cannot be bound
int run_api(const Context& context, MetricsServer& server);

}  // namespace freshet
