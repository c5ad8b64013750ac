#pragma once

#include "core/commands.hpp"

namespace freshet {

/// `freshet applications list|grant|revoke`: who uses the API, and what each may do.
void add_applications_commands(CLI::App& root, Commands& commands);

}  // namespace freshet
