#pragma once

#include "core/commands.hpp"

namespace freshet {

/// Adds `produce common_crawl`.
void add_common_crawl_command(CLI::App& produce, Commands& commands);

}  // namespace freshet
