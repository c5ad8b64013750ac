#pragma once

#include <chrono>
#include <stop_token>

namespace freshet {

/// A token that is stopped by the first SIGTERM or SIGINT; a second one ends the process at once.
///
/// Call once, from main, before any thread is started: the signals are blocked in the calling
/// thread, which all later threads inherit, and a thread of its own waits for them.
std::stop_token stop_on_signals();

/// Waits until `timeout` has passed or a stop is asked for. True when it is to stop.
bool wait_for_stop(const std::stop_token& stop, std::chrono::milliseconds timeout);

}  // namespace freshet
