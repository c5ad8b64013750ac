#include "core/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "core/check.hpp"
#include "core/stop.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 200ms;

/// Whether standard output is a pipe that nobody reads any more. One that was never open, or a
/// file, is none.
bool has_lost_its_reader() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

}  // namespace

void print_result(std::string_view text) {
  std::cout << text;
  finish_output();
}

void finish_output() {
  std::cout << std::flush;
  if (!std::cout) {
    throw WorkFailed{has_lost_its_reader() ? "nobody reads standard output any more"
                                           : "standard output cannot be written"};
  }
}

bool wait_for_next_round(const std::stop_token& stop, std::chrono::milliseconds pause) {
  const auto until = std::chrono::steady_clock::now() + pause;
  for (;;) {
    if (has_lost_its_reader()) {
      throw WorkFailed{"nobody reads standard output any more"};
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (wait_for_stop(stop, std::clamp<std::chrono::milliseconds>(left, 0ms, kLookEvery))) {
      return true;
    }
    if (left <= kLookEvery) {
      return false;
    }
  }
}

}  // namespace freshet
