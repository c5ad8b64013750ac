#include "core/http/rate_limit.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace freshet::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

constexpr RateLimit::Time kNow{1'000h};

RateLimit limit_of(microseconds interval) {
  return RateLimit{std::make_shared<RateCells>(), interval};
}

TEST(RateLimit, SpacesTurnsAndGivesALateCallerNoBurst) {
  RateLimit limit = limit_of(12'500us);
  EXPECT_EQ(limit.take_turn(kNow), kNow);
  EXPECT_EQ(limit.take_turn(kNow), kNow + 12'500us);
  EXPECT_EQ(limit.take_turn(kNow + 1ms), kNow + 25'000us);
  EXPECT_EQ(limit.take_turn(kNow + 10s), kNow + 10s);
  EXPECT_EQ(limit.take_turn(kNow + 10s), kNow + 10s + 12'500us);
}

TEST(RateLimit, HalvesOncePerRoundAndRecoversSlowly) {
  RateLimit limit = limit_of(1s);
  EXPECT_DOUBLE_EQ(limit.share(kNow), 1);
  // Eight that were under way together are refused together: one cut.
  for (int i = 0; i < 8; ++i) {
    limit.slow_down(kNow - 1s, kNow);
  }
  EXPECT_DOUBLE_EQ(limit.share(kNow), 0.5);
  limit.take_turn(kNow);
  EXPECT_EQ(limit.take_turn(kNow), kNow + 2s);
  limit.slow_down(kNow + 1s, kNow + 2s);
  EXPECT_NEAR(limit.share(kNow + 2s), 0.25, 0.01);
  EXPECT_NEAR(limit.share(kNow + 2s + 5min), 0.75, 0.01);
  EXPECT_DOUBLE_EQ(limit.share(kNow + 2s + 10min), 1);
  for (int i = 0; i < 50; ++i) {
    limit.slow_down(kNow + 20min + i * 1ms, kNow + 20min + i * 1ms);
  }
  EXPECT_NEAR(limit.share(kNow + 20min + 50ms), 1.0 / 64, 0.001) << "never to a standstill";
}

TEST(RateLimit, NobodyHasATurnBeforeTheEndOfAPause) {
  RateLimit limit = limit_of(1s);
  limit.pause_until(kNow + 30s);
  limit.pause_until(kNow + 5s);  // takes nothing back
  EXPECT_EQ(limit.take_turn(kNow), kNow + 30s);
  EXPECT_EQ(limit.take_turn(kNow), kNow + 31s);
}

TEST(RateLimit, WithoutAnIntervalOnlyAPauseIsWaitedFor) {
  RateLimit limit = limit_of(0us);
  EXPECT_EQ(limit.take_turn(kNow), kNow);
  limit.pause_until(kNow + 3s);
  EXPECT_EQ(limit.take_turn(kNow), kNow + 3s);
  EXPECT_EQ(limit.take_turn(kNow + 4s), kNow + 4s);
}

// Left behind by something else, or of another clock.
TEST(RateLimit, ATurnBeyondAllPausesIsNone) {
  const auto cells = std::make_shared<RateCells>();
  cells->next_start = std::int64_t{1} << 60U;
  cells->last_cut = -1;
  RateLimit limit{cells, 1s};
  EXPECT_EQ(limit.take_turn(kNow), kNow);
  EXPECT_GT(limit.share(kNow), 0);
  EXPECT_LE(limit.share(kNow), 1);
}

TEST(RateLimit, ThreadsShareTheTurns) {
  RateLimit limit = limit_of(10ms);
  std::vector<std::vector<RateLimit::Time>> turns(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : turns) {
      threads.emplace_back([&] {
        for (int i = 0; i < 250; ++i) {
          mine.push_back(limit.take_turn(kNow));
        }
      });
    }
  }
  std::vector<RateLimit::Time> all;
  for (const auto& mine : turns) {
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i], kNow + static_cast<int>(i) * 10ms);
  }
}

TEST(RateLimits, AreByHostAndForProcessesByName) {
  const std::string name = "test." + std::to_string(getpid()) + "@api.example";
  RateLimits here{1s, [&](const std::string&) { return shared_rate_cells(name); }};
  RateLimits there{1s, [&](const std::string&) { return shared_rate_cells(name); }};
  EXPECT_EQ(here.of("api.example").take_turn(kNow), kNow);
  EXPECT_EQ(there.of("api.example").take_turn(kNow), kNow + 1s);
  there.of("api.example").slow_down(kNow, kNow);
  EXPECT_DOUBLE_EQ(here.of("api.example").share(kNow), 0.5);
  RateLimits alone{1s};
  EXPECT_EQ(alone.of("a").take_turn(kNow), kNow);
  EXPECT_EQ(alone.of("b").take_turn(kNow), kNow) << "another host";
  EXPECT_EQ(alone.of("a").take_turn(kNow), kNow + 1s);
  shm_unlink(("/freshet-rate." + std::to_string(getuid()) + "." + name).c_str());
}

}  // namespace
}  // namespace freshet::http
