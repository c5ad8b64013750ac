#pragma once

#include <stdexcept>
#include <string>

/// Logs and aborts when an invariant of our own is broken: a restart is cheap, a wrong row is not.
/// Never for input: one bad record would then stop the process again and again.
#define FRESHET_CHECK(condition)                               \
  do {                                                         \
    if (!(condition)) {                                        \
      ::freshet::check_failed(#condition, __FILE__, __LINE__); \
    }                                                          \
  } while (false)

namespace freshet {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

/// Wrong configuration or usage, or a service that cannot be reached at start: exit code 2.
struct StartupError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Something that is refused because of the state the system is in: exit code 3.
struct RefusedError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The work failed or was cut short: exit code 1.
struct WorkFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Exit codes of `freshet`, as docs/operations.md lists them.
struct ExitCode {
  static constexpr int done = 0;
  static constexpr int failed = 1;
  static constexpr int usage = 2;
  static constexpr int refused = 3;
};

}  // namespace freshet
