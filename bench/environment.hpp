#pragma once

#include "core/config.hpp"

namespace freshet::bench {

/// The settings in force, from FRESHET_* alone.
/// @error StartupError.
Config config_from_environment();

}  // namespace freshet::bench
