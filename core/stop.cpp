#include "core/stop.hpp"

#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/check.hpp"

namespace freshet {

std::stop_token stop_on_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  FRESHET_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  // A broken pipe or a peer that hangs up is an error of that write, not the end of the process.
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);

  // Lives as long as the process: the waiting thread outlasts main and static destruction.
  static auto* const source = new std::stop_source;
  std::thread{[signals] {
    int number = 0;
    if (sigwait(&signals, &number) == 0) {
      source->request_stop();
    }
    if (sigwait(&signals, &number) == 0) {
      _exit(128 + number);  // asked twice: the state on disk is made for this
    }
  }}.detach();
  return source->get_token();
}

bool wait_for_stop(const std::stop_token& stop, std::chrono::milliseconds timeout) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock{mutex};
  condition.wait_for(lock, stop, timeout, [] { return false; });
  return stop.stop_requested();
}

}  // namespace freshet
