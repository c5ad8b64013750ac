#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace freshet::http {

/// What all who keep one limit share: threads, or processes by way of shared memory. Lock-free, so
/// that one who is frozen or dies in the middle stops nobody.
struct RateCells {
  std::atomic<std::int64_t> next_start{0};  ///< µs of the steady clock
  std::atomic<std::int64_t> last_cut{0};    ///< when the rate was cut, in ms, and to what share

  static_assert(std::atomic<std::int64_t>::is_always_lock_free);
};

/// Spaces the starts of requests, and slows down where the other side asks for it.
///
/// A cut halves the rate, to 1/64 of the full one at least; it then grows again, evenly, by the
/// whole in `kRecovery`. Several refusals of requests that were under way together are one cut.
/// @thread_safety  All of it.
class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes kRecovery{10};

  /// @param interval  between two starts at the full rate; 0: no limit, and no cuts.
  RateLimit(std::shared_ptr<RateCells> cells, std::chrono::microseconds interval)
      : cells_{std::move(cells)}, interval_{interval} {}

  /// Takes the next turn.
  /// @return when it is: the request must not start earlier. The turn after it is counted from
  ///         there, so a late caller earns no burst.
  Time take_turn(Time now);
  /// No turn before `end`, for nobody.
  void pause_until(Time end);
  /// The other side says that there were too many requests.
  /// @param began  when the request began that was answered so
  void slow_down(Time began, Time now);
  /// Of the full rate, in (0, 1].
  double share(Time now) const;

 private:
  std::shared_ptr<RateCells> cells_;
  std::chrono::microseconds interval_;
};

/// The limits of one provider, by host.
/// @thread_safety  All of it.
class RateLimits {
 public:
  using MakeCells = std::function<std::shared_ptr<RateCells>(const std::string& host)>;

  /// @param make_cells  null: the limits are those of this object alone.
  explicit RateLimits(std::chrono::microseconds interval, MakeCells make_cells = {})
      : interval_{interval}, make_cells_{std::move(make_cells)} {}

  RateLimit& of(const std::string& host);

 private:
  std::chrono::microseconds interval_;
  MakeCells make_cells_;
  std::mutex mutex_;
  std::map<std::string, RateLimit> limits_;
};

/// Cells that all processes of this user on this machine (in this container) share under a name.
/// They live in shared memory until the machine stops, and so does the clock that they count by.
/// Where there is no shared memory, they are this process's own, with a warning.
std::shared_ptr<RateCells> shared_rate_cells(const std::string& name);

}  // namespace freshet::http
