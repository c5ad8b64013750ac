#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "api/stores.hpp"
#include "api/within.hpp"
#include "core/log.hpp"

namespace freshet::api {

/// A few threads for work that would hold up the server's: reading files, hashing passwords.
///
/// `end` has to be called, or it destroyed, while the io_contexts are there whose coroutines wait.
/// @thread_safety  All of it but `end`.
class SideThreads {
 public:
  /// @param most_waiting  beyond that nothing is taken
  SideThreads(int threads, std::size_t most_waiting);
  ~SideThreads() { end(); }
  SideThreads(const SideThreads&) = delete;
  SideThreads& operator=(const SideThreads&) = delete;

  /// Finishes what is under way, and gives up what waits.
  void end();

  /// Has `work` done on one of the threads. What it refers to has to be its own: it may go on when
  /// nobody waits for it any more.
  /// @return nothing where too much waits, the deadline passed first, or it threw, which is logged
  template <class T>
  Task<std::optional<T>> run(Deadline deadline, std::function<T()> work) {
    std::function<void(std::function<void(std::optional<T>)>)> begin =
        [this, work = std::move(work)](const std::function<void(std::optional<T>)>& deliver) {
          const bool is_taken = enqueue([deliver, work] {
            std::optional<T> outcome;
            try {
              outcome.emplace(work());
            } catch (const std::exception& fault) {
              log::error("side_work_failed", {{"what", fault.what()}});
            }
            deliver(std::move(outcome));
          });
          if (!is_taken) {
            deliver(std::nullopt);
          }
        };
    std::optional<std::optional<T>> outcome =
        co_await within<std::optional<T>>(deadline, std::move(begin));
    if (!outcome) {
      co_return std::nullopt;
    }
    co_return std::move(*outcome);
  }

 private:
  bool enqueue(std::function<void()> job);
  void serve(const std::stop_token& stop);

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::jthread> threads_;
};

}  // namespace freshet::api
