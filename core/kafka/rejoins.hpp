#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

namespace freshet::kafka {

/// How often a static member that was fenced may join again.
///
/// When a coordinator moves in the middle of a join, the answer to that join is lost, and the
/// member can be fenced by it. Such a member joins again, and all is well. Two processes under one
/// name fence each other in turn; the older one is fenced first, so it runs out of tries first, and
/// ends.
///
/// @thread_safety  None of its own.
class Rejoins {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kMost = 3;
  static constexpr std::chrono::seconds kWithin{120};
  /// How long a sink waits before it joins again; a processor's loop does not wait.
  static constexpr std::chrono::milliseconds kPause{500};

  /// Whether to join again after being fenced at `now`.
  bool take(Time now) {
    while (!taken_.empty() && now - taken_.front() >= kWithin) {
      taken_.pop_front();
    }
    if (taken_.size() >= kMost) {
      return false;
    }
    taken_.push_back(now);
    return true;
  }

 private:
  std::deque<Time> taken_;
};

}  // namespace freshet::kafka
