#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "api/sources.hpp"
#include "api/stores.hpp"

namespace freshet::api {

/// Looks after what requests should not wait for: which sources there are, and whether the stores
/// answer.
///
/// Runs as one coroutine on the server's first thread; `not_ready` may be called from any thread.
class Watcher {
 public:
  Watcher(SearchIndex& index, WorkStore& store, SourceDirectory& sources)
      : index_{index}, store_{store}, sources_{sources} {}

  /// Looks once a second until a stop is asked for. Sources are counted anew after 15 s, and never
  /// more than a twentieth of the time is spent counting: on a large index it takes a while.
  Task<void> run(std::stop_token stop);

  /// Why requests would fail now; nothing when they would not.
  std::optional<std::string> not_ready() const;

 private:
  using Clock = std::chrono::steady_clock;

  /// @return why requests would fail
  Task<std::optional<std::string>> look();
  Task<std::optional<std::string>> look_at_store();
  Task<std::optional<std::string>> look_at_registry(Deadline deadline);
  Task<std::optional<std::string>> look_at_index();
  Task<std::optional<std::string>> count_sources();

  SearchIndex& index_;
  WorkStore& store_;
  SourceDirectory& sources_;
  Clock::time_point count_next_at_ = Clock::now();
  std::int64_t registry_version_ = 0;  ///< of the rule `sources` that was last read
  mutable std::mutex mutex_;
  std::optional<std::string> not_ready_ = "the stores were not looked at yet";
};

}  // namespace freshet::api
