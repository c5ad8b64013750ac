#pragma once

#include <atomic>
#include <chrono>

#include "core/time.hpp"

namespace freshet {

/// A clock that stands still until it is told otherwise.
/// @thread_safety  All of it.
class FakeClock final : public Clock {
 public:
  /// 2026-11-21T00:00:00Z
  static constexpr UtcTime kStart{1'795'219'200'000'000};

  explicit FakeClock(UtcTime start = kStart) : micros_{start.micros} {}

  UtcTime now() const override { return {micros_.load()}; }
  void advance(std::chrono::microseconds by) { micros_ += by.count(); }
  void set(UtcTime time) { micros_ = time.micros; }

 private:
  std::atomic<std::int64_t> micros_;
};

}  // namespace freshet
