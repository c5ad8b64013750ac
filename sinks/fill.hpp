#pragma once

#include "core/store_fill.hpp"

namespace freshet {

/// Starts to fill a store, as `StoreFill` says. Records that the sink would put aside are counted,
/// and put aside by the live sink alone.
std::unique_ptr<StoreFill> start_fill(const FillRequest& request);

}  // namespace freshet
