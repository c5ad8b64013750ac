#pragma once

#include <vector>

#include "sinks/sink_spec.hpp"

namespace freshet {

/// Every sink, each for a role of core/roles.hpp.
const std::vector<SinkSpec>& sinks();

}  // namespace freshet
