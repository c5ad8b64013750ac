#include "core/postgres/watchdog.hpp"

#include <sys/socket.h>

namespace freshet::postgres {

using Clock = Deadline::Clock;

std::shared_ptr<Watchdog> Watchdog::shared() {
  static std::mutex mutex;
  static std::weak_ptr<Watchdog> current;
  const std::scoped_lock lock{mutex};
  auto watchdog = current.lock();
  if (!watchdog) {
    watchdog = std::make_shared<Watchdog>();
    current = watchdog;
  }
  return watchdog;
}

Watchdog::Watchdog() : thread_{[this](const std::stop_token& stop) { run(stop); }} {}

void Watchdog::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (!stop.stop_requested()) {
    const auto now = Clock::now();
    while (!watches_.empty() && watches_.begin()->first <= now) {
      Watch& late = *watches_.begin()->second;
      ::shutdown(late.socket_, SHUT_RDWR);
      late.has_cut_ = true;
      watches_.erase(watches_.begin());
    }
    if (watches_.empty()) {
      looks_at_ = Clock::time_point::max();
      changed_.wait(lock, stop, [this] { return !watches_.empty(); });
      continue;
    }
    const auto first = watches_.begin()->first;
    looks_at_ = first;
    changed_.wait_until(lock, stop, first, [this, first] { return looks_at_ < first; });
  }
}

Watchdog::Watch::Watch(Watchdog& watchdog, int socket, Deadline deadline)
    : watchdog_{watchdog}, socket_{socket} {
  bool is_earliest = false;
  {
    const std::scoped_lock lock{watchdog_.mutex_};
    entry_ = watchdog_.watches_.emplace(deadline.at(), this);
    if (deadline.at() < watchdog_.looks_at_) {
      watchdog_.looks_at_ = deadline.at();
      is_earliest = true;
    }
  }
  if (is_earliest) {
    watchdog_.changed_.notify_one();
  }
}

Watchdog::Watch::~Watch() {
  const std::scoped_lock lock{watchdog_.mutex_};
  if (!has_cut_) {
    watchdog_.watches_.erase(entry_);
  }
}

bool Watchdog::Watch::has_cut() const {
  const std::scoped_lock lock{watchdog_.mutex_};
  return has_cut_;
}

}  // namespace freshet::postgres
