#pragma once

#include <cstdint>
#include <string>

namespace freshet {

/// The process that makes a run, as others see it in the run's state.
struct RunHolder {
  std::string host;     ///< for people
  std::string machine;  ///< boot and process namespace: where `pid` means something
  std::int64_t pid = 0;
  std::string started;  ///< when the process began, by the kernel's count, because pids are reused

  bool operator==(const RunHolder&) const = default;
};

RunHolder this_process();

/// Whether the process is known to be gone: it was on this machine and is no longer there. This
/// process itself counts as gone: it makes one run of a provider at a time, so an earlier run of
/// its own is over. False where nothing is known.
bool is_gone(const RunHolder& holder);

}  // namespace freshet
