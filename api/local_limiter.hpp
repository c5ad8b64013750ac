#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/limits.hpp"

namespace freshet::api {

/// Counts requests in this process: of each limit and identity the times of the requests that its
/// window still holds.
///
/// Identities lie in shards with a lock each, so that threads seldom meet. Each shard forgets whom
/// it has not seen for longest when it is full: memory stays below 64 MB, however many come.
/// @thread_safety  All of it.
class WindowCounts {
 public:
  using Clock = std::chrono::steady_clock;

  std::vector<Taken> take(const std::vector<Limit>& limits, Clock::time_point now);
  std::vector<int> count(const std::vector<Limit>& limits, Clock::time_point now);

  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kMostTimes = 1U << 20U;  ///< of a shard
  static constexpr std::size_t kTimesOfAWindow = 60;    ///< which its other members weigh

 private:
  struct Window {
    std::string key;
    std::vector<std::uint32_t> taken_at;  ///< ms since the shards were made; oldest first
    std::size_t first = 0;                ///< those before it are past
    std::size_t size() const { return taken_at.size() - first; }
  };
  using Windows = std::list<Window>;  // the one used last in front
  struct Shard {
    std::mutex mutex;
    Windows windows;
    std::unordered_map<std::string_view, Windows::iterator> by_key;
    std::size_t times = 0;
  };
  Shard& shard_of(std::string_view key);
  static void forget_the_past(Shard& shard, Window& window, std::uint32_t now, const Rate& rate);
  std::uint32_t millis(Clock::time_point now) const;

  std::array<Shard, kShards> shards_;
  Clock::time_point made_at_ = Clock::now();
};

/// Buckets in this process: of each limit and identity what is left, and since when.
///
/// In shards, as windows are; each forgets whom it has not seen for longest when it holds too many,
/// which fills that one's bucket. Memory stays below 64 MB.
/// @thread_safety  All of it.
class CostBuckets {
 public:
  using Clock = std::chrono::steady_clock;

  Taken take(const Limit& limit, Clock::time_point now);
  /// What was taken out and did not flow back yet.
  int used(const Limit& limit, Clock::time_point now);

  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kMostBuckets = 1U << 14U;  ///< of a shard

 private:
  struct Bucket {
    std::string key;
    double left = 0;
    Clock::time_point at;
  };
  using Buckets = std::list<Bucket>;  // the one used last in front
  struct Shard {
    std::mutex mutex;
    Buckets buckets;
    std::unordered_map<std::string_view, Buckets::iterator> by_key;
  };
  Shard& shard_of(std::string_view key);
  static double left_at(const Bucket& bucket, const Limit& limit, Clock::time_point now);

  std::array<Shard, kShards> shards_;
};

/// The limits of one process alone.
class LocalLimiter final : public Limiter {
 public:
  explicit LocalLimiter(Rates rates) : rates_{std::move(rates)} {}

  const Rates* rates() const override { return &rates_; }
  Task<std::vector<Taken>> take(std::vector<Limit> limits) override;
  Task<std::optional<std::vector<int>>> count(std::vector<Limit> limits) override;

 private:
  Rates rates_;
  WindowCounts counts_;
  CostBuckets buckets_;
};

/// No limits at all.
class NoLimiter final : public Limiter {
 public:
  const Rates* rates() const override { return nullptr; }
  Task<std::vector<Taken>> take(std::vector<Limit> limits) override;
  Task<std::optional<std::vector<int>>> count(std::vector<Limit> limits) override;
};

}  // namespace freshet::api
