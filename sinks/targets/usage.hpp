#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/time.hpp"
#include "sinks/sink.hpp"

namespace freshet {

struct UsageOptions {
  std::string dsn;
  std::string group;  ///< by the broker's name
  std::string topic;  ///< by the broker's name
  int keep_days = 90;
  std::stop_token stop{};
};

/// Writes events of usage, and what they come to by day and by hour, to PostgreSQL: each event
/// once, by its id, in the transaction that also moves the sink's offsets. An event of a day that
/// was dropped, or is to be, counts as stale.
std::unique_ptr<Sink> make_usage_sink(UsageOptions options, const Clock& clock);

}  // namespace freshet
