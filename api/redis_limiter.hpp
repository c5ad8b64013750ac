#pragma once

#include <memory>

#include "api/limits.hpp"
#include "core/redis_url.hpp"

namespace freshet::api {

/// Counts requests in Redis, so that several servers share their limits: a script looks at all
/// limits of a request in one round trip, by the clock of Redis.
///
/// While Redis is away, or takes longer than `kPatience`, each server counts for itself, which is
/// logged when it begins and when it ends. So a request never fails, and never waits longer than
/// that, because of Redis.
///
/// One for all threads: a thread of its own talks to Redis, and sends what has come meanwhile
/// together. The io_contexts whose coroutines wait here must outlive it.
class RedisLimiter final : public Limiter {
 public:
  static constexpr std::chrono::milliseconds kPatience{150};

  /// @param local  counts while Redis is away
  RedisLimiter(RedisUrl url, std::unique_ptr<Limiter> local);
  ~RedisLimiter() override;

  const Rates* rates() const override { return local_->rates(); }
  Task<std::vector<Taken>> take(std::vector<Limit> limits) override;
  Task<std::optional<std::vector<int>>> count(std::vector<Limit> limits) override;

 private:
  struct Impl;
  std::unique_ptr<Limiter> local_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::api
