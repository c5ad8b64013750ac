#include "api/local_limiter.hpp"

#include <algorithm>
#include <functional>

namespace freshet::api {
namespace {

std::string key_of(const Limit& limit) {
  std::string key{limit.scope};
  key += '_';
  return key += limit.identity;
}

}  // namespace

// 32 bits of milliseconds are 49 days: of what is longer ago than a window, no difference is taken
// that could wrap, since windows are at most a day and each look at one drops what is past.
std::uint32_t WindowCounts::millis(Clock::time_point now) const {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now - made_at_).count());
}

WindowCounts::Shard& WindowCounts::shard_of(std::string_view key) {
  return shards_[std::hash<std::string_view>{}(key) % kShards];
}

void WindowCounts::forget_the_past(Shard& shard, Window& window, std::uint32_t now,
                                   const Rate& rate) {
  const auto period = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(rate.period).count());
  while (window.size() > 0 && now - window.taken_at[window.first] >= period) {
    ++window.first;
  }
  if (window.first * 2 > window.taken_at.size()) {
    window.taken_at.erase(window.taken_at.begin(),
                          window.taken_at.begin() + static_cast<std::ptrdiff_t>(window.first));
    shard.times -= window.first;
    window.first = 0;
  }
}

std::vector<Taken> WindowCounts::take(const std::vector<Limit>& limits, Clock::time_point at) {
  const std::uint32_t now = millis(at);
  std::vector<Taken> all;
  for (const Limit& limit : limits) {
    std::string key = key_of(limit);
    Shard& shard = shard_of(key);
    const std::scoped_lock lock{shard.mutex};
    auto found = shard.by_key.find(key);
    if (found == shard.by_key.end()) {
      shard.windows.push_front({std::move(key), {}, 0});
      shard.times += kTimesOfAWindow;
      found = shard.by_key.emplace(shard.windows.front().key, shard.windows.begin()).first;
    } else {
      shard.windows.splice(shard.windows.begin(), shard.windows, found->second);
    }
    Window& window = *found->second;
    forget_the_past(shard, window, now, limit.rate);
    const auto used = static_cast<int>(window.size());
    if (used >= limit.rate.most) {
      const std::chrono::milliseconds passed{now - window.taken_at[window.first]};
      all.push_back({.is_allowed = false, .available = 0, .wait = limit.rate.period - passed});
      continue;
    }
    window.taken_at.push_back(now);
    ++shard.times;
    all.push_back({.is_allowed = true, .available = limit.rate.most - used - 1});
    while (shard.times > kMostTimes && shard.windows.size() > 1) {
      const Window& oldest = shard.windows.back();
      shard.times -= oldest.taken_at.size() + kTimesOfAWindow;
      shard.by_key.erase(oldest.key);
      shard.windows.pop_back();
    }
  }
  return all;
}

std::vector<int> WindowCounts::count(const std::vector<Limit>& limits, Clock::time_point at) {
  const std::uint32_t now = millis(at);
  std::vector<int> all;
  for (const Limit& limit : limits) {
    const std::string key = key_of(limit);
    Shard& shard = shard_of(key);
    const std::scoped_lock lock{shard.mutex};
    const auto found = shard.by_key.find(key);
    if (found == shard.by_key.end()) {
      all.push_back(0);
      continue;
    }
    forget_the_past(shard, *found->second, now, limit.rate);
    all.push_back(static_cast<int>(found->second->size()));
  }
  return all;
}

CostBuckets::Shard& CostBuckets::shard_of(std::string_view key) {
  return shards_[std::hash<std::string_view>{}(key) % kShards];
}

double CostBuckets::left_at(const Bucket& bucket, const Limit& limit, Clock::time_point now) {
  const std::chrono::duration<double> passed = now - bucket.at;
  const double flow = limit.rate.most / std::chrono::duration<double>{limit.rate.period}.count();
  return std::min<double>(limit.capacity(), bucket.left + passed.count() * flow);
}

Taken CostBuckets::take(const Limit& limit, Clock::time_point now) {
  std::string key = key_of(limit);
  Shard& shard = shard_of(key);
  const std::scoped_lock lock{shard.mutex};
  auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) {
    shard.buckets.push_front({std::move(key), static_cast<double>(limit.capacity()), now});
    found = shard.by_key.emplace(shard.buckets.front().key, shard.buckets.begin()).first;
    if (shard.buckets.size() > kMostBuckets) {
      shard.by_key.erase(shard.buckets.back().key);
      shard.buckets.pop_back();
    }
  } else {
    shard.buckets.splice(shard.buckets.begin(), shard.buckets, found->second);
  }
  Bucket& bucket = *found->second;
  bucket.left = left_at(bucket, limit, now);
  bucket.at = now;
  if (bucket.left < limit.cost) {
    const double flow_per_ms =
        limit.rate.most / std::chrono::duration<double, std::milli>{limit.rate.period}.count();
    const double wait = (limit.cost - bucket.left) / flow_per_ms;
    return {.is_allowed = false,
            .available = static_cast<int>(bucket.left),
            .wait = std::chrono::milliseconds{static_cast<std::int64_t>(wait) + 1}};
  }
  bucket.left -= limit.cost;
  return {.is_allowed = true, .available = static_cast<int>(bucket.left)};
}

int CostBuckets::used(const Limit& limit, Clock::time_point now) {
  const std::string key = key_of(limit);
  Shard& shard = shard_of(key);
  const std::scoped_lock lock{shard.mutex};
  const auto found = shard.by_key.find(key);
  return found == shard.by_key.end()
             ? 0
             : limit.capacity() - static_cast<int>(left_at(*found->second, limit, now));
}

Task<std::vector<Taken>> LocalLimiter::take(std::vector<Limit> limits) {
  const auto now = WindowCounts::Clock::now();
  if (std::ranges::none_of(limits, [](const Limit& limit) { return limit.cost > 0; })) {
    co_return counts_.take(limits, now);
  }
  std::vector<Taken> all;
  for (const Limit& limit : limits) {
    all.push_back(limit.cost > 0 ? buckets_.take(limit, now) : counts_.take({limit}, now).front());
  }
  co_return all;
}

Task<std::optional<std::vector<int>>> LocalLimiter::count(std::vector<Limit> limits) {
  const auto now = WindowCounts::Clock::now();
  std::vector<int> all;
  for (const Limit& limit : limits) {
    all.push_back(limit.cost > 0 ? buckets_.used(limit, now) : counts_.count({limit}, now).front());
  }
  co_return all;
}

Task<std::vector<Taken>> NoLimiter::take(std::vector<Limit>) { co_return std::vector<Taken>{}; }

Task<std::optional<std::vector<int>>> NoLimiter::count(std::vector<Limit> limits) {
  co_return std::vector<int>(limits.size(), 0);
}

}  // namespace freshet::api
