#pragma once

#include <algorithm>
#include <chrono>

namespace freshet {

/// When something has to be done by. It is taken along from step to step, so that all of them
/// together keep to one limit, however long each of them takes.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  constexpr explicit Deadline(Clock::time_point at) : at_{at} {}
  /// So long from now.
  static Deadline in(Clock::duration limit) { return Deadline{Clock::now() + limit}; }

  Clock::time_point at() const noexcept { return at_; }
  bool is_over() const { return Clock::now() >= at_; }
  /// What is left, rounded up so that it is 0 only when it is over.
  std::chrono::milliseconds left() const {
    const auto exact = at_ - Clock::now();
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(exact),
                    std::chrono::milliseconds{0});
  }

 private:
  Clock::time_point at_;
};

}  // namespace freshet
