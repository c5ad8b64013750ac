#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace freshet {

/// What the other threads may know of a loop.
struct LoopStatus {
  std::atomic<bool> assigned{false};  ///< the group has said what the loop has, and it is restored
  /// Nothing is left to do in its partitions, and nothing has come since then; 0: busy.
  /// Milliseconds of the steady clock.
  std::atomic<std::int64_t> idle_since_ms{0};
};
using LoopStatuses = std::deque<LoopStatus>;

/// Why `process catalogue` is not ready. It is shared with the metrics server, which may ask at any
/// moment of a start or an end, whatever of the loops is there then: so it refers to none of them,
/// and shares what it asks.
///
/// @thread_safety  All of it.
class CatalogueReadiness {
 public:
  void await_topics(bool waiting) { waiting_ = waiting; }
  void watch(std::shared_ptr<const LoopStatuses> loops) {
    const std::lock_guard guard{mutex_};
    loops_ = std::move(loops);
  }

  /// Nothing: it is ready.
  std::optional<std::string> not_ready() const {
    if (waiting_) {
      return "topics are missing";
    }
    const std::lock_guard guard{mutex_};
    const bool is_ready = loops_ && std::ranges::all_of(*loops_, [](const LoopStatus& status) {
                            return status.assigned.load();
                          });
    return is_ready ? std::nullopt : std::optional<std::string>{"no partitions yet"};
  }

 private:
  std::atomic<bool> waiting_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const LoopStatuses> loops_;
};

}  // namespace freshet
