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
