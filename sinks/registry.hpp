#pragma once

#include <vector>

#include "sinks/runner.hpp"

namespace freshet {

/// Every sink of the catalogue. A list on purpose: the linker drops an object that registers itself
/// from inside a static library.
const std::vector<SinkSpec>& sinks();

}  // namespace freshet
