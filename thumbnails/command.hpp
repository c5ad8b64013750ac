#pragma once

#include "core/commands.hpp"

namespace freshet {

/// `freshet thumbnails`.
void add_thumbnail_commands(CLI::App& root, Commands& commands);

}  // namespace freshet
