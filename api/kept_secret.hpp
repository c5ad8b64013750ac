#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "core/result.hpp"

namespace freshet::api {

/// A secret that was read from a store, kept for a while: a new one is in force on all servers
/// within a minute, and while the store is away the one that was known holds.
/// @thread_safety  All of it.
class KeptSecret {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kKept{60};
  static constexpr std::chrono::seconds kTryAgain{5};  ///< where it could not be read

  /// @return nothing where it has to be read
  std::optional<std::string> get(Clock::time_point now) const {
    const std::scoped_lock lock{mutex_};
    return now < good_until_ ? secret_ : std::nullopt;
  }
  /// Takes what was read.
  /// @return what holds now
  Result<std::string> take(Result<std::string> read, Clock::time_point now) {
    const std::scoped_lock lock{mutex_};
    if (read) {
      secret_ = *read;
    } else if (!secret_) {
      return read;
    }
    good_until_ = now + (read ? kKept : kTryAgain);
    return *secret_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<std::string> secret_;
  Clock::time_point good_until_ = Clock::time_point::min();
};

}  // namespace freshet::api
