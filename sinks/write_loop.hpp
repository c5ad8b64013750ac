#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "core/result.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// What became of a batch that is done: `written + stale + too_old + put_aside` is its number of
/// records.
struct WriteSummary {
  std::size_t written = 0;
  std::size_t stale = 0;
  std::size_t too_old = 0;
  std::size_t put_aside = 0;
  std::size_t splits = 0;
  std::size_t attempts = 0;
  std::vector<LeftOut> left_out;
};

/// Called before a further attempt, with the reason and the number of attempts so far. It waits as
/// long as it sees fit. False: give up; the batch was abandoned.
using BackOff = std::function<bool(const Error& why, std::size_t attempts)>;

/// Waiting times that double, with ± 20 % jitter so that several writers do not come back at once.
struct BackOffTimes {
  std::chrono::milliseconds first{250};
  std::chrono::milliseconds most{10'000};
  /// @param attempts  made so far, ≥ 1
  /// @param jitter    0…1
  std::chrono::milliseconds wait_after(std::size_t attempts, double jitter) const;
};

/// Writes a batch until each of its records is written, stale, too old or put aside.
///
/// What may succeed later is tried again for as long as it takes: the whole batch after an error,
/// single records after a refusal of their own. Records that can never be written go to `aside`.
///
/// @error  Errc::fenced, or Retry::never: the sink has to stop or start anew. Retry::after_backoff:
///         `back_off` gave up.
Result<WriteSummary> write_until_done(Sink& sink, std::span<const SinkRecord> records,
                                      std::span<const PartitionProgress> progress, PutAside& aside,
                                      const BackOff& back_off);

}  // namespace freshet
