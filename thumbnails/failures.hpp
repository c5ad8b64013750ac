#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>

namespace freshet::thumbnails {

/// Remembers which files failed, so that one that fails again and again is not asked for by every
/// reader. Bounded: the failures that lie back the longest are forgotten first.
/// @thread_safety  All of it.
class Failures {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kTolerance = 2;
  static constexpr std::chrono::hours kWindow{48};

  explicit Failures(std::size_t most) : most_{most} {}

  /// Whether a file failed more than `kTolerance` times within `kWindow`.
  bool is_given_up(std::uint64_t file, Clock::time_point now);
  void add(std::uint64_t file, Clock::time_point now);
  void forget(std::uint64_t file);

 private:
  struct Entry {
    std::uint64_t file;
    int count;
    Clock::time_point since;
  };
  using Entries = std::list<Entry>;

  const std::size_t most_;
  std::mutex mutex_;
  Entries entries_;  // the newest first
  std::unordered_map<std::uint64_t, Entries::iterator> by_file_;
};

}  // namespace freshet::thumbnails
