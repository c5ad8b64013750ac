#pragma once

#include "core/clean_preview.hpp"
#include "core/commands.hpp"
#include "core/store_fill.hpp"

namespace freshet {

/// Adds `topics`, `schema`, `lag`, `stats`, `replay`, `rebuild`, `backup`, `restore`,
/// `dead-letter`, `decide`, `policy`, `explain` and `clean`.
void add_operate_commands(CLI::App& root, Commands& commands, const Cleaning& cleaning,
                          FillFunction fill);

}  // namespace freshet
