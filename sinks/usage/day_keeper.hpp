#pragma once

#include <memory>
#include <stop_token>

#include "core/config.hpp"
#include "sinks/sink.hpp"

namespace freshet::usage {

/// Drops the events of days that are older than `usage.keep_days`, once an hour; of the sums of
/// such a day the greatest are kept. It is done when it has looked once.
std::unique_ptr<SinkCompanion> make_day_keeper(const Config& config, std::stop_token stop);

}  // namespace freshet::usage
