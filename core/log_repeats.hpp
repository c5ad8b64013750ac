#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::log {

/// Lets an event about the same thing pass once per `interval`, and counts the repeats that it
/// holds back.
///
/// Memory is bounded: it knows `kMostThings` things of one event at a time. Within the interval,
/// events about further things are held back and counted for the event as a whole.
///
/// @thread_safety  All of it.
class Repeats {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kMostThings = 32;

  /// What was held back, and what no later line has reported. An empty `about`: things beyond
  /// `kMostThings`.
  struct Held {
    std::string event;
    std::string about;
    std::uint64_t count = 0;
  };

  explicit Repeats(std::chrono::seconds interval) : interval_{interval} {}

  /// Asks to write an event at `now`.
  /// @param about  what names the thing that it is about; empty when nothing does
  /// @return nothing: hold this one back. Else write it, with this number of repeats that were held
  ///         back since the last one written, including those of things that are no longer known.
  std::optional<std::uint64_t> admit(std::string_view event, std::string_view about, Time now) {
    const std::lock_guard lock{mutex_};
    auto known = events_.find(event);
    if (known == events_.end()) {
      known = events_.emplace(event, Event{}).first;
    }
    Event& one = known->second;
    auto found = one.things.find(about);
    if (found == one.things.end()) {
      if (one.things.size() >= kMostThings) {
        make_room(one, now);
      }
      if (one.things.size() >= kMostThings) {
        ++one.nameless;
        return std::nullopt;
      }
      one.things.emplace(about, State{now, 0});
      return std::exchange(one.nameless, 0);
    }
    State& state = found->second;
    if (now - state.written_at < interval_) {
      ++state.held;
      return std::nullopt;
    }
    const std::uint64_t held = state.held;
    state = State{now, 0};
    return held + std::exchange(one.nameless, 0);
  }

  /// Everything that was held back and not reported yet. From then on it counts as reported.
  std::vector<Held> take_held() {
    const std::lock_guard lock{mutex_};
    std::vector<Held> held;
    for (auto& [event, one] : events_) {
      for (auto& [about, state] : one.things) {
        if (const std::uint64_t count = std::exchange(state.held, 0); count > 0) {
          held.push_back({event, about, count});
        }
      }
      if (const std::uint64_t count = std::exchange(one.nameless, 0); count > 0) {
        held.push_back({event, "", count});
      }
    }
    return held;
  }

 private:
  struct State {
    Time written_at;
    std::uint64_t held = 0;
  };
  struct Event {
    std::map<std::string, State, std::less<>> things;
    std::uint64_t nameless = 0;  ///< held back, of things that are not known, or no longer known
  };

  void make_room(Event& event, Time now) const {
    std::erase_if(event.things, [&](const auto& thing) {
      const bool is_over = now - thing.second.written_at >= interval_;
      event.nameless += is_over ? thing.second.held : 0;
      return is_over;
    });
  }

  const std::chrono::seconds interval_;
  std::mutex mutex_;
  std::map<std::string, Event, std::less<>> events_;  ///< as many as the program has names for
};

/// Logs what was held back and not reported since. Call when the process is about to end.
void tell_held_back();

}  // namespace freshet::log
