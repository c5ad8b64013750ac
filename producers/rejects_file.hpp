#pragma once

#include <fstream>
#include <mutex>
#include <string>

#include "core/check.hpp"
#include "producers/print_output.hpp"
#include "producers/runner.hpp"

namespace freshet {

/// The lines of `--rejects`.
/// @thread_safety  `add`.
class RejectsFile {
 public:
  /// @param path  empty: nothing is written.
  /// @throws StartupError  the file cannot be written.
  explicit RejectsFile(const std::string& path) {
    if (!path.empty()) {
      file_.open(path, std::ios::trunc);
      if (!file_) {
        throw StartupError{"--rejects " + path + " cannot be written"};
      }
    }
  }
  void add(const Refusal& refusal) {
    const std::lock_guard lock{mutex_};
    if (file_.is_open()) {
      file_ << refusal_line(refusal) << '\n';
    }
  }

 private:
  std::mutex mutex_;
  std::ofstream file_;
};

}  // namespace freshet
