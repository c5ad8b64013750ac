#include "producers/common_crawl/crawl_run.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "core/check.hpp"
#include "producers/common_crawl/done_files.hpp"
#include "tests/support/crawl_files.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"

namespace freshet {
namespace {

using testing::SizeIs;

// A made-up crawl in a folder of its own, and what runs over it gave out.
class CrawlRunTest : public testing::Test {
 protected:
  CrawlRunTest() {
    folder_ = std::filesystem::temp_directory_path() /
              ("freshet-crawl-" + std::to_string(getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    test::write_crawl(folder_, "CC-MAIN-2024-10", 4, 30);
    options_.base = folder_;
    options_.index = "CC-MAIN-2024-10";
  }
  ~CrawlRunTest() override { std::filesystem::remove_all(folder_); }

  // Takes pages, and loses all of them from a certain one on.
  class Pages final : public PageOutput {
   public:
    explicit Pages(CrawlRunTest& test) : test_{test} {}
    Result<void> page(const CrawledPage& page) override {
      const std::lock_guard lock{test_.mutex_};
      if (test_.pages_left_ == 0) {
        return Error{Errc::broker_error, Retry::after_backoff, "not delivered"};
      }
      test_.pages_left_ -= test_.pages_left_ > 0 ? 1 : 0;
      test_.pages_.push_back(page.key());
      return {};
    }
    Result<void> rejection(const Rejection& rejection) override {
      const std::lock_guard lock{test_.mutex_};
      test_.rejections_.push_back(rejection.error.rule());
      return {};
    }
    Result<void> flush() override { return {}; }

   private:
    CrawlRunTest& test_;
  };

  RunState run() {
    return run_crawl(options_, {.make_client = [] { return std::make_unique<test::FakeHttp>(); },
                                .make_output = [this] { return std::make_unique<Pages>(*this); },
                                .state = state_,
                                .clock = clock_});
  }

  std::filesystem::path wat(int number) const {
    return folder_ / ("crawl-data/CC-MAIN-2024-10/segments/1707947473360.9/wat/CC-MAIN-"
                      "20240220211055-20240221001055-0000" +
                      std::to_string(number) + ".warc.wat.gz");
  }
  Totals& totals() { return state_.totals[std::string{kCommonCrawl}]; }
  void expect_sums_hold() {
    EXPECT_EQ(totals().at("listed"),
              totals().at("emitted") + totals().sum("dropped") + totals().sum("rejected"));
  }

  std::filesystem::path folder_;
  CrawlOptions options_;
  FakeClock clock_;
  test::MemoryOutput state_;
  std::mutex mutex_;
  std::vector<std::string> pages_;
  std::vector<std::string> rejections_;
  int pages_left_ = -1;
};

TEST_F(CrawlRunTest, EmitsThePagesOfAllFilesSideBySide) {
  options_.workers = 3;
  const RunState ended = run();
  EXPECT_EQ(ended.outcome, RunOutcome::finished) << ended.error;
  EXPECT_THAT(pages_, SizeIs(12));
  EXPECT_EQ(totals().at("listed"), 4 * 31);
  EXPECT_EQ(totals().at("emitted"), 12);
  EXPECT_EQ(totals().at("pages"), 4);
  expect_sums_hold();
}

TEST_F(CrawlRunTest, GoesOnWithTheFilesThatAreNotDone) {
  pages_left_ = 4;  // the second file fails in its middle
  EXPECT_EQ(run().outcome, RunOutcome::failed);
  EXPECT_EQ(totals().at("emitted"), 3);
  pages_left_ = -1;
  pages_.clear();
  EXPECT_EQ(run().outcome, RunOutcome::finished);
  EXPECT_THAT(pages_, SizeIs(9));
  EXPECT_EQ(totals().at("emitted"), 12);
  expect_sums_hold();
  // A run after one that is finished reads everything.
  pages_.clear();
  EXPECT_EQ(run().outcome, RunOutcome::finished);
  EXPECT_THAT(pages_, SizeIs(12));
}

TEST_F(CrawlRunTest, AFileThatIsAwayIsLeftForTheNextRun) {
  const auto away = folder_ / "away";
  std::filesystem::rename(wat(1), away);
  const RunState ended = run();
  EXPECT_EQ(ended.outcome, RunOutcome::failed);
  EXPECT_THAT(ended.error, testing::HasSubstr("00001.warc.wat.gz"));
  EXPECT_THAT(pages_, SizeIs(9));
  std::filesystem::rename(away, wat(1));
  EXPECT_EQ(run().outcome, RunOutcome::finished);
  EXPECT_THAT(pages_, SizeIs(12));
}

TEST_F(CrawlRunTest, DamageIsPutAsideAndItsNeighboursAreRead) {
  {
    std::fstream file{wat(2), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(2000);
    file.write("damage", 6);
  }
  EXPECT_EQ(run().outcome, RunOutcome::finished);
  EXPECT_GE(rejections_.size(), 1U);
  EXPECT_GE(pages_.size(), 11U);
  expect_sums_hold();
}

TEST_F(CrawlRunTest, StopsAtItsLimit) {
  options_.limit = 5;
  EXPECT_EQ(run().outcome, RunOutcome::finished);
  EXPECT_THAT(pages_, SizeIs(5));
  expect_sums_hold();
}

TEST_F(CrawlRunTest, SharesHaveNoFileTwice) {
  options_.shards = 3;
  for (options_.shard = 1; options_.shard <= 3; ++options_.shard) {
    EXPECT_EQ(run().outcome, RunOutcome::finished);
  }
  EXPECT_THAT(pages_, SizeIs(12));
  EXPECT_THAT(std::set<std::string>(pages_.begin(), pages_.end()), SizeIs(12));
}

TEST_F(CrawlRunTest, ReadsFilesOnDiskAndWarcFiles) {
  options_.index.clear();
  options_.files = {wat(0)};
  EXPECT_EQ(run().outcome, RunOutcome::finished);
  EXPECT_THAT(pages_, SizeIs(3));
  options_.index = "CC-MAIN-2024-10";
  options_.kind = CrawlFiles::warc;
  pages_.clear();
  EXPECT_EQ(run().outcome, RunOutcome::finished);
  EXPECT_THAT(pages_, SizeIs(3));  // of these pages the HTML itself has a link
  expect_sums_hold();
}

TEST_F(CrawlRunTest, ACrawlThatIsNotThereIsSaidAtOnce) {
  options_.index = "CC-MAIN-1999-01";
  EXPECT_THROW(run(), StartupError);
}

TEST(DoneFiles, AreSmallHoweverManyThereAre) {
  DoneFiles done;
  for (const int file : {0, 1, 3, 2, 7, 5}) {
    done.add(file);
  }
  EXPECT_EQ(done.count(), 6);
  EXPECT_EQ(done.to_params(), (Params{{"first", "4"}, {"done", "5"}, {"done", "7"}}));
  const DoneFiles again = DoneFiles::from_params(done.to_params());
  EXPECT_TRUE(again.contains(2));
  EXPECT_FALSE(again.contains(4));
  EXPECT_TRUE(again.contains(5));
  EXPECT_EQ(again.count(), 6);
}

}  // namespace
}  // namespace freshet
