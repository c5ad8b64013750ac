#include "sinks/write_loop.hpp"

#include <gmock/gmock.h>

#include "tests/support/fake_sinks.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using testing::FakeAside;
using testing::FakeSink;
using ::testing::Key;

const Error kLater{Errc::throttled, Retry::after_backoff, "later"};
const Error kBad{Errc::store_refused, "document", "mapper_parsing_exception", "bad"};

class WriteLoop : public ::testing::Test {
 protected:
  WriteLoop() {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      records_.push_back({keys_[i], "value", "", {}, kafka::Offset{static_cast<std::int64_t>(i)}});
    }
  }
  Result<WriteSummary> write() {
    return write_until_done(sink_, records_, {}, aside_, [this](const Error& why, std::size_t n) {
      waits_.push_back(n);
      whys_.push_back(why.errc());
      return patience_ == 0 ? false : (--patience_, true);
    });
  }
  const std::vector<std::string> keys_{"a", "b", "c", "d"};
  std::vector<SinkRecord> records_;
  FakeSink sink_;
  FakeAside aside_;
  std::size_t patience_ = 10;
  std::vector<std::size_t> waits_;
  std::vector<Errc> whys_;
};

TEST_F(WriteLoop, WritesAtOnce) {
  const auto summary = write();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->written, 4U);
  EXPECT_EQ(summary->attempts, 1U);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(WriteLoop, SendsOnlyThatItemAgain) {
  int refusals = 2;
  sink_.judge = [&](const SinkRecord& record) -> std::optional<Error> {
    return record.key == "c" && refusals-- > 0 ? std::optional{kLater} : std::nullopt;
  };
  const auto summary = write();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->written, 4U);
  EXPECT_THAT(sink_.batches,
              ElementsAre(ElementsAre("a", "b", "c", "d"), ElementsAre("c"), ElementsAre("c")));
  EXPECT_THAT(waits_, ElementsAre(1U, 2U)) << "the second time in vain waits longer";
}

TEST_F(WriteLoop, PutsAsideWhatIsBadAndWritesItsNeighbours) {
  sink_.judge = [](const SinkRecord& record) -> std::optional<Error> {
    return record.key == "b" ? std::optional{kBad} : std::nullopt;
  };
  const auto summary = write();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->written, 3U);
  EXPECT_EQ(summary->put_aside, 1U);
  EXPECT_THAT(aside_.letters, ElementsAre(Key(1)));
  EXPECT_EQ(sink_.batches.size(), 1U);
}

TEST_F(WriteLoop, TriesAWholeBatchAgainForAsLongAsItTakes) {
  int failures = 7;
  sink_.judge_batch = [&](const SinkBatch&) -> std::optional<Error> {
    return failures-- > 0 ? std::optional{Error{Errc::unreachable, Retry::after_backoff, "away"}}
                          : std::nullopt;
  };
  const auto summary = write();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->written, 4U);
  EXPECT_THAT(waits_, ElementsAre(1U, 2U, 3U, 4U, 5U, 6U, 7U));
  EXPECT_TRUE(aside_.letters.empty());
}

TEST_F(WriteLoop, GivesUpWhenTold) {
  patience_ = 0;
  sink_.judge_batch = [](const SinkBatch&) { return kLater; };
  const auto summary = write();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().retry(), Retry::after_backoff);
}

TEST_F(WriteLoop, StopsAtOnceWhenTheSinkCannotWorkOrIsFenced) {
  for (const Error& error : {Error{Errc::store_refused, Retry::never, "no"},
                             Error{Errc::fenced, Retry::after_backoff, "moved"}}) {
    sink_.batches.clear();
    sink_.judge_batch = [&](const SinkBatch&) { return error; };
    const auto summary = write();
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().errc(), error.errc());
    EXPECT_EQ(sink_.batches.size(), 1U);
  }
}

TEST_F(WriteLoop, IsNotDoneBeforeItsDeadLettersAreSafe) {
  sink_.judge = [](const SinkRecord& record) -> std::optional<Error> {
    return record.key == "b" ? std::optional{kBad} : std::nullopt;
  };
  aside_.failures = {Error{Errc::broker_error, Retry::after_backoff, "away"},
                     Error{Errc::broker_error, Retry::after_backoff, "away"}};
  const auto summary = write();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->attempts, 3U);
  EXPECT_EQ(summary->written + summary->stale, 3U);
  EXPECT_THAT(aside_.letters, ElementsAre(Key(1)));
}

TEST(BackOffTimes, DoubleUpToAMost) {
  using std::chrono::milliseconds;
  const BackOffTimes times{milliseconds{100}, milliseconds{1'000}};
  EXPECT_EQ(times.wait_after(1, 0.5).count(), 100);
  EXPECT_EQ(times.wait_after(2, 0.5).count(), 200);
  EXPECT_EQ(times.wait_after(4, 0.5).count(), 800);
  EXPECT_EQ(times.wait_after(5, 0.5).count(), 1'000);
  EXPECT_EQ(times.wait_after(500, 0.5).count(), 1'000);
  EXPECT_EQ(times.wait_after(1, 0).count(), 80);
  EXPECT_EQ(times.wait_after(1, 1).count(), 120);
}

}  // namespace
}  // namespace freshet
