#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "core/deadline.hpp"

namespace freshet::postgres {

/// Cuts connections whose time is up, so that a call that waits for their server returns.
///
/// libpqxx waits in libpq without a limit of its own. One thread per process sleeps until the first
/// deadline, and then shuts that socket down; the waiting call fails as with any broken connection.
/// The socket is shut down, never closed: closing it is left to its owner.
/// @thread_safety  All of it.
class Watchdog {
 public:
  /// The watchdog of the process. It exists as long as somebody holds it.
  static std::shared_ptr<Watchdog> shared();

  Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() = default;

  /// Shuts `socket` down at the deadline, unless this watch is destroyed before. The socket must
  /// stay open meanwhile, and the watchdog must outlive the watch.
  class Watch {
   public:
    Watch(Watchdog& watchdog, int socket, Deadline deadline);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    bool has_cut() const;

   private:
    friend class Watchdog;
    Watchdog& watchdog_;
    const int socket_;
    std::multimap<Deadline::Clock::time_point, Watch*>::iterator entry_;
    bool has_cut_ = false;
  };

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::multimap<Deadline::Clock::time_point, Watch*> watches_;
  /// When the thread looks next. It is woken only for an earlier deadline: nearly every watch ends
  /// long before its own, and such a watch should not cost a switch of threads.
  Deadline::Clock::time_point looks_at_ = Deadline::Clock::time_point::max();
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace freshet::postgres
