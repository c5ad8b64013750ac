#pragma once

#include "core/commands.hpp"
#include "core/ops_view.hpp"

namespace freshet {

/// Adds `api`.
/// @param make_ops  what its page for operators shows
void add_api_commands(CLI::App& root, Commands& commands, MakeOpsView make_ops);

/// Serves the REST API until a stop is asked for; then lets requests under way finish.
///
/// @param server  gets the component `api`: ready while both stores answer and have their tables
///                and aliases
/// @error StartupError when a store cannot be reached or an address cannot be bound
int run_api(const Context& context, MetricsServer& server, const MakeOpsView& make_ops);

}  // namespace freshet
