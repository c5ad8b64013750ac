#include "processors/catalogue/pace.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace freshet {
namespace {

using namespace std::chrono_literals;

const Pace::Time kStart{1'000s};

TEST(Pace, ABatchIsCommittedAnIntervalAfterItsFirstRecords) {
  Pace pace{100ms, kStart};
  EXPECT_FALSE(pace.is_commit_due(kStart + 1h, true)) << "there is no batch";
  pace.begun(kStart);
  pace.took(10, true, kStart + 30ms);
  EXPECT_FALSE(pace.is_commit_due(kStart + 129ms, false));
  EXPECT_TRUE(pace.is_commit_due(kStart + 130ms, false));
  pace.took(10, false, kStart + 120ms);
  EXPECT_TRUE(pace.is_commit_due(kStart + 130ms, false)) << "later records do not put it off";
  pace.ended();
  EXPECT_FALSE(pace.is_commit_due(kStart + 130ms, false));
}

TEST(Pace, AFullBatchIsCommittedAtOnce) {
  Pace pace{100ms, kStart};
  pace.begun(kStart);
  pace.took(1, true, kStart);
  EXPECT_TRUE(pace.is_commit_due(kStart, true));
}

TEST(Pace, APollWaitsNoLongerThanUntilTheCommit) {
  Pace pace{100ms, kStart};
  EXPECT_EQ(pace.poll_wait(kStart, false), Pace::kIdleWait);
  EXPECT_EQ(pace.poll_wait(kStart, true), 50ms) << "the other half of the time is for the scan";
  pace.begun(kStart);
  pace.took(1, true, kStart);
  EXPECT_EQ(pace.poll_wait(kStart + 40ms, false), 60ms);
  EXPECT_EQ(pace.poll_wait(kStart + 40ms + 1us, false), 60ms) << "rounded up: no poll for nothing";
  EXPECT_EQ(pace.poll_wait(kStart + 2s, false), 0ms);
  Pace slow{5'000ms, kStart};
  EXPECT_EQ(slow.poll_wait(kStart, true), Pace::kIdleWait);
}

TEST(ScanTime, IsATenthOfABusyBatchAndHalfOfAnIdleInterval) {
  EXPECT_EQ(scan_time(false, 100ms, 100ms), 10ms);
  EXPECT_EQ(scan_time(false, 40ms, 100ms), 4ms) << "a batch that was full early";
  EXPECT_EQ(scan_time(false, 900ms, 100ms), 10ms) << "one that waited for the broker";
  EXPECT_EQ(scan_time(true, 0ms, 100ms), 50ms);
}

TEST(Pace, MeasuresABatchFromItsBegin) {
  Pace pace{100ms, kStart};
  pace.begun(kStart);
  pace.took(1, true, kStart + 20ms);
  EXPECT_EQ(pace.scan_time(kStart + 80ms, false), 8ms);
  EXPECT_EQ(pace.scan_time(kStart + 80ms, true), 50ms);
}

TEST(Pace, BackgroundWorkHasNoLimitUnlessOneIsSet) {
  Pace pace{100ms, kStart};
  pace.background_wrote(1'000'000, kStart);
  EXPECT_GT(pace.background_room(kStart), 1'000'000'000);
}

TEST(Pace, BackgroundWorkIsWrittenAtARateAndInSmallBursts) {
  Pace pace{100ms, kStart, 1'000};
  EXPECT_EQ(pace.background_room(kStart), 0);
  EXPECT_EQ(pace.background_room(kStart + 100ms), 100);
  EXPECT_EQ(pace.background_room(kStart + 1h), 250) << "what was not used for long is lost";
  pace.background_wrote(200, kStart + 1h);
  EXPECT_EQ(pace.background_room(kStart + 1h), 50);
  EXPECT_EQ(pace.background_room(kStart + 1h + 100ms), 150);
  pace.background_wrote(1'150, kStart + 1h + 100ms);  // a slice may write more than it should
  EXPECT_EQ(pace.background_room(kStart + 1h + 1'100ms), 0);
  EXPECT_EQ(pace.background_room(kStart + 1h + 1'200ms), 100);
  std::int64_t written = 0;
  const auto begin = kStart + 2h;
  for (auto now = begin; now < begin + 60s; now += 37ms) {
    const std::int64_t room = pace.background_room(now);
    pace.background_wrote(room, now);
    written += room;
  }
  EXPECT_NEAR(static_cast<double>(written), 60'250, 100);
}

TEST(Pace, BackgroundWorkGoesOnAtAnyRate) {
  Pace pace{100ms, kStart, 0.5};
  EXPECT_EQ(pace.background_room(kStart + 1s), 0);
  EXPECT_EQ(pace.background_room(kStart + 2s), 1);
  pace.background_wrote(1, kStart + 2s);
  EXPECT_EQ(pace.background_room(kStart + 3s), 0);
  EXPECT_EQ(pace.background_room(kStart + 4s), 1);
}

TEST(Pace, SavesWhatIsWorthItHalfAMinuteAfterTheLast) {
  Pace pace{100ms, kStart};
  pace.took(Pace::kRecordsWorthASave, true, kStart);
  EXPECT_FALSE(pace.take_save(kStart + 29s));
  EXPECT_TRUE(pace.take_save(kStart + 30s));
  EXPECT_FALSE(pace.take_save(kStart + 60s)) << "nothing came since";
  pace.took(Pace::kRecordsWorthASave - 1, true, kStart);
  EXPECT_FALSE(pace.take_save(kStart + 61s));
  pace.took(1, false, kStart);
  EXPECT_TRUE(pace.take_save(kStart + 61s));
}

TEST(Pace, SavesWhateverThereIsAfterTenMinutes) {
  Pace pace{100ms, kStart};
  EXPECT_FALSE(pace.take_save(kStart + 10min - 1s));
  EXPECT_TRUE(pace.take_save(kStart + 10min));
  EXPECT_FALSE(pace.take_save(kStart + 10min + 1s));
}

}  // namespace
}  // namespace freshet
