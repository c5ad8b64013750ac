#pragma once

#include <vector>

#include "api/stores.hpp"
#include "core/usage/event.hpp"

namespace freshet::api {

/// Where events of usage go, as the handlers use it. Shared by all threads.
class UsageLog {
 public:
  UsageLog() = default;
  UsageLog(const UsageLog&) = delete;
  UsageLog& operator=(const UsageLog&) = delete;
  virtual ~UsageLog() = default;

  /// Whether anything is kept at all (`usage.enabled`).
  virtual bool is_enabled() const = 0;

  /// Hands events to the broker.
  /// @return once it has all of them.
  /// @error  Errc::throttled: too many wait already; nothing was taken. Errc::unreachable,
  ///         timed_out, broker_error: the broker did not say that it has them. It may have them all
  ///         the same: whoever sends them again leaves their ids.
  virtual Task<Result<void>> send(std::vector<usage::Event> events, Deadline deadline) = 0;

  /// Hands over an event that nobody waits for. Where too many wait it is dropped, and counted.
  virtual void note(const usage::Event& event) = 0;
};

/// Keeps nothing.
class NoUsageLog final : public UsageLog {
 public:
  bool is_enabled() const override { return false; }
  Task<Result<void>> send(std::vector<usage::Event>, Deadline) override {
    co_return Result<void>{};
  }
  void note(const usage::Event&) override {}
};

}  // namespace freshet::api
