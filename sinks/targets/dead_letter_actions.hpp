#pragma once

#include <memory>
#include <stop_token>

#include "core/config.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// Keeps the table `dead_letter_action`: what `media.dead-letter-actions.v1` has, on a thread of
/// its own. The topic is read whole after each start; writing a row again is no change.
std::unique_ptr<SinkCompanion> make_dead_letter_actions(const Config& config, std::stop_token stop);

}  // namespace freshet
