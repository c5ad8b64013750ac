#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::log {

/// Holds repeats of an event to one in `interval`, and counts those held back.
///
/// @thread_safety  All of it.
class Repeats {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Repeats(std::chrono::seconds interval) : interval_{interval} {}

  /// Asks to write an event at `now`.
  /// @return how many were held back since the last one written, or nothing: hold this one back.
  std::optional<std::uint64_t> admit(std::string_view event, Time now) {
    const std::lock_guard lock{mutex_};
    const auto found = events_.find(event);
    if (found == events_.end()) {
      events_.emplace(event, State{now, 0});
      return 0;
    }
    State& state = found->second;
    if (now - state.written_at < interval_) {
      ++state.held;
      return std::nullopt;
    }
    const std::uint64_t held = state.held;
    state = State{now, 0};
    return held;
  }

 private:
  struct State {
    Time written_at;
    std::uint64_t held = 0;
  };

  const std::chrono::seconds interval_;
  std::mutex mutex_;
  std::map<std::string, State, std::less<>> events_;
};

}  // namespace freshet::log
