#pragma once

#include <chrono>
#include <stop_token>
#include <string_view>

namespace freshet {

/// Standard output, for a command's results. SIGPIPE is ignored (core/stop.hpp), so a command has
/// to find out by itself whether anybody still reads what it prints. These functions do.
///
/// @error WorkFailed from each of them: the disk is full, or nobody reads any more (`| head`).
void print_result(std::string_view text);

/// Writes everything that was printed so far; `CommandLine` calls it last.
void finish_output();

/// Waits before the next round of a command that prints again and again. Ends at once when the
/// reader leaves, so that no command goes on without one. True when it is to stop.
bool wait_for_next_round(const std::stop_token& stop, std::chrono::milliseconds pause);

}  // namespace freshet
