#pragma once

#include <memory>
#include <stop_token>

#include "core/config.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// Forgets entries of the change feed that are older than 30 days, a few thousand at a time. Of
/// several processes one does it; it does not matter which.
std::unique_ptr<SinkCompanion> make_change_retention(const Config& config, std::stop_token stop);

}  // namespace freshet
