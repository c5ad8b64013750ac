#include "sinks/pipeline.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>

#include "tests/support/fake_sinks.hpp"

namespace freshet {
namespace {

using kafka::Offset;
using kafka::Partition;
using testing::CorkedSink;
using ::testing::ElementsAre;
using testing::FakeSink;
using ::testing::IsEmpty;
using ::testing::Pair;

using std::chrono::milliseconds;
constexpr milliseconds kLong{60'000};  // never waited for: a test that hangs fails

class FixedClock final : public Clock {
 public:
  UtcTime now() const override { return UtcTime::from_millis(now_ms); }
  std::atomic<std::int64_t> now_ms = 1'000;
};

class PipelineTest : public ::testing::Test {
 protected:
  template <class S>
  S& add_sink() {
    auto sink = std::make_unique<S>();
    S& reference = *sink;
    sinks_.push_back(std::move(sink));
    return reference;
  }
  Pipeline& start(BatchLimits limits = {}) {
    Pipeline::Options options;
    options.limits = limits;
    options.back_off = {milliseconds{0}, milliseconds{0}};
    options.refusals = refusals;
    pipeline_ = std::make_unique<Pipeline>(
        sinks_,
        [this](const Incoming& incoming, const Error&) -> Result<void> {
          letters_.push_back(incoming.record.offset.value);
          return {};
        },
        [this] {
          const int number = ++flushes_;
          flushes_.notify_all();
          return flush ? flush(number) : Flushed{};
        },
        counters_, clock_, options);
    return *pipeline_;
  }
  Refusals refusals = Refusals::mean_the_schema;
  /// `number`: from 1. Called one at a time.
  std::function<Flushed(int number)> flush;
  static Flushed fail_flush(bool is_lost) {
    return {Error{Errc::timed_out, Retry::after_backoff, "the broker is away"}, is_lost};
  }
  void await_flushes(int count) {
    for (int now = flushes_; now < count; now = flushes_) {
      flushes_.wait(now);
    }
  }
  /// Waits through all tries: `drain` returns early while a batch has to be tried again.
  void drain_all() {
    while (!pipeline_->drain(kLong)) {
      ASSERT_FALSE(pipeline_->failure()) << pipeline_->failure()->message();
    }
  }
  double dead_lettered() {
    return metrics_
        .counter("freshet_sink_records_dead_lettered_total", "",
                 {{"sink", "fake"}, {"errc", "store_refused"}})
        .value();
  }
  void add(std::string_view key, std::int64_t offset, std::int64_t at_millis = 0) {
    Incoming incoming;
    incoming.timestamp = UtcTime::from_millis(at_millis);
    incoming.record = {key, "value", "", Partition{0}, Offset{offset}};
    pipeline_->add(std::move(incoming), Offset{offset});
    pipeline_->publish();
  }
  double left_over() const {
    double out = counters_.forwarded.value() + counters_.stale.value() + counters_.too_old.value() +
                 counters_.superseded.value() + counters_.abandoned.value() +
                 static_cast<double>(letters_.size());
    return counters_.received.value() - out;
  }

  Metrics metrics_;
  SinkMetrics counters_{metrics_, "fake"};
  FixedClock clock_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<std::int64_t> letters_;  ///< called one at a time
  std::atomic<int> flushes_ = 0;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineTest, WritesWhatIsAddedAndTellsHowFar) {
  auto& sink = add_sink<FakeSink>();
  start();
  add("a", 0);
  add("b", 1);
  ASSERT_TRUE(pipeline_->drain(kLong));
  EXPECT_EQ(sink.rows.size(), 2U);
  EXPECT_THAT(pipeline_->take_done(), ElementsAre(Pair(Partition{0}, Offset{2})));
  EXPECT_TRUE(pipeline_->is_idle());
  EXPECT_EQ(left_over(), 0);
}

TEST_F(PipelineTest, FillsTheNextBatchWhileOneIsWritten) {
  auto& sink = add_sink<CorkedSink>();
  start({3, 1'000'000});
  add("a", 0);
  sink.await_writes(1);
  add("b", 1);
  add("c", 2);
  EXPECT_EQ(pipeline_->room(), 1U);
  add("d", 3);
  EXPECT_EQ(pipeline_->room(), 0U);
  EXPECT_FALSE(pipeline_->wait_for_room(milliseconds{0}));
  EXPECT_THAT(pipeline_->take_done(), IsEmpty());
  sink.uncork();
  EXPECT_TRUE(pipeline_->wait_for_room(kLong));
  ASSERT_TRUE(pipeline_->drain(kLong));
  EXPECT_THAT(sink.await_writes(2), ElementsAre(1U, 3U));
  EXPECT_EQ(left_over(), 0);
}

// While the sink is current, documents that came at the same time go in several small writes.
TEST_F(PipelineTest, KeepsBatchesSmallUntilThereIsABacklog) {
  auto& sink = add_sink<CorkedSink>();
  start({.records = 4, .fresh_records = 2});
  add("a", 0, 900);
  sink.await_writes(1);
  add("b", 1, 900);
  add("c", 2, 950);
  EXPECT_EQ(pipeline_->room(), 0U);
  clock_.now_ms = 2'100;  // the store was slow: now they are late, and the next ones would be
  EXPECT_EQ(pipeline_->room(), 2U);
  add("d", 3, 2'000);
  add("e", 4, 2'000);
  EXPECT_EQ(pipeline_->room(), 0U);
  sink.uncork();
  ASSERT_TRUE(pipeline_->drain(kLong));
  EXPECT_THAT(sink.await_writes(2), ElementsAre(1U, 4U));
  EXPECT_EQ(left_over(), 0);
}

TEST_F(PipelineTest, SeveralWritersWorkAtTheSameTime) {
  auto& first = add_sink<CorkedSink>();
  auto& second = add_sink<CorkedSink>();
  start({1, 1'000'000});
  add("a", 0);
  ASSERT_TRUE(pipeline_->wait_for_room(kLong));
  add("b", 1);
  first.await_writes(1);
  second.await_writes(1);
  first.uncork();
  second.uncork();
  ASSERT_TRUE(pipeline_->drain(kLong));
  EXPECT_THAT(pipeline_->take_done(), ElementsAre(Pair(Partition{0}, Offset{2})));
}

TEST_F(PipelineTest, PutsBadRecordsAsideOnceHoweverOftenTheBatchIsTried) {
  auto& sink = add_sink<FakeSink>();
  int failures = 3;
  sink.judge = [&](const SinkRecord& record) -> std::optional<Error> {
    if (record.key == "bad") {
      return Error{Errc::store_refused, "document", "rule", "bad"};
    }
    return failures-- > 0 ? std::optional{Error{Errc::throttled, Retry::after_backoff, "later"}}
                          : std::nullopt;
  };
  start();
  add("bad", 0);
  add("good", 1);
  // drain returns early while a batch has to be tried again
  while (!pipeline_->drain(kLong)) {
  }
  EXPECT_THAT(letters_, ElementsAre(0));
  EXPECT_EQ(flushes_, 1);
  EXPECT_EQ(sink.rows.count("good"), 1U);
  EXPECT_EQ(left_over(), 0);
  EXPECT_EQ(metrics_
                .counter("freshet_sink_records_dead_lettered_total", "",
                         {{"sink", "fake"}, {"errc", "store_refused"}})
                .value(),
            1);
}

std::optional<Error> refuse_bad(const SinkRecord& record) {
  return record.key == "bad" ? std::optional{Error{Errc::store_refused, "document", "rule", "bad"}}
                             : std::nullopt;
}

TEST_F(PipelineTest, ALetterThatIsUnderWayIsNotSentAgain) {
  add_sink<FakeSink>().judge = refuse_bad;
  flush = [](int number) { return number < 4 ? fail_flush(false) : Flushed{}; };
  start({1, 1'000'000});
  add("bad", 0);
  drain_all();
  EXPECT_THAT(letters_, ElementsAre(0));
  EXPECT_EQ(flushes_, 4);
  EXPECT_EQ(counters_.retries.value(), 3);
  EXPECT_EQ(dead_lettered(), 1);
  EXPECT_EQ(left_over(), 0);
  EXPECT_THAT(pipeline_->take_done(), ElementsAre(Pair(Partition{0}, Offset{1})));
}

TEST_F(PipelineTest, ALetterThatIsLostIsSentAgainAndCountsOnce) {
  add_sink<FakeSink>().judge = refuse_bad;
  // Under way, lost, lost again, safe.
  flush = [](int number) { return number < 4 ? fail_flush(number > 1) : Flushed{}; };
  start({1, 1'000'000});
  add("bad", 0);
  drain_all();
  EXPECT_THAT(letters_, ElementsAre(0, 0, 0));
  EXPECT_EQ(dead_lettered(), 1);
  EXPECT_THAT(pipeline_->take_done(), ElementsAre(Pair(Partition{0}, Offset{1})));
}

TEST_F(PipelineTest, NothingIsDoneWhileALetterIsUnderWay) {
  add_sink<FakeSink>().judge = refuse_bad;
  flush = [](int) { return fail_flush(false); };
  start({1, 1'000'000});
  add("bad", 0);
  await_flushes(3);
  EXPECT_EQ(dead_lettered(), 0);
  EXPECT_THAT(pipeline_->take_done(), IsEmpty());
  EXPECT_FALSE(pipeline_->is_idle());
}

// One flush is for the letters of all batches. What another batch has flushed is safe: what is lost
// later is not this one's.
TEST_F(PipelineTest, ALetterIsSafeByTheFlushOfAnotherBatch) {
  std::atomic<bool> other_began = false;
  std::atomic<int> attempts = 0;
  const auto judge = [&](const SinkRecord& record) -> std::optional<Error> {
    if (record.key == "other") {
      other_began = true;
      other_began.notify_all();
      await_flushes(1);  // of the first
    } else if (const int attempt = ++attempts; attempt == 1) {
      other_began.wait(false);
    } else if (attempt == 2) {
      await_flushes(2);  // of the other
    }
    return Error{Errc::store_refused, "document", "rule", "bad"};
  };
  add_sink<FakeSink>().judge = judge;
  add_sink<FakeSink>().judge = judge;
  flush = [](int number) {
    return number == 1 ? fail_flush(false) : number == 3 ? fail_flush(true) : Flushed{};
  };
  start({1, 1'000'000});
  add("first", 0);
  ASSERT_TRUE(pipeline_->wait_for_room(kLong));
  add("other", 1);
  drain_all();
  EXPECT_THAT(letters_, ElementsAre(0, 1)) << "each is sent once";
  EXPECT_EQ(flushes_, 3);
  EXPECT_EQ(dead_lettered(), 2);
  EXPECT_EQ(left_over(), 0);
  EXPECT_THAT(pipeline_->take_done(), ElementsAre(Pair(Partition{0}, Offset{2})));
}

TEST_F(PipelineTest, StopsWhenTheStoreRefusesMostOfABatch) {
  auto& sink = add_sink<FakeSink>();
  sink.judge = [](const SinkRecord&) -> std::optional<Error> {
    return Error{Errc::store_refused, "document", "rule", "bad"};
  };
  start();
  std::vector<std::string> keys;
  for (int i = 0; i < 2'000; ++i) {
    keys.push_back(std::to_string(i));
  }
  for (int i = 0; i < 2'000 && !pipeline_->failure(); ++i) {
    if (!pipeline_->wait_for_room(milliseconds{0})) {
      break;
    }
    add(keys[static_cast<std::size_t>(i)], i);
  }
  EXPECT_FALSE(pipeline_->drain(kLong));
  const auto failure = pipeline_->failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->retry(), Retry::never);
  EXPECT_LT(letters_.size(), 100U) << "a broken mapping must not empty the catalogue into letters";
}

TEST_F(PipelineTest, GoesOnWhenStrangersSendAnyNumberOfBadRecords) {
  refusals = Refusals::mean_the_records;
  auto& sink = add_sink<FakeSink>();
  sink.judge = [](const SinkRecord& record) -> std::optional<Error> {
    return record.key == "good" ? std::nullopt
                                : std::optional{Error{Errc::store_refused, "row", "54000", "bad"}};
  };
  start();
  std::vector<std::string> keys;
  for (int i = 0; i < 300; ++i) {
    keys.push_back(std::to_string(i));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    ASSERT_TRUE(pipeline_->wait_for_room(kLong));
    add(keys[i], static_cast<std::int64_t>(i));
  }
  ASSERT_TRUE(pipeline_->wait_for_room(kLong));
  add("good", 300);
  ASSERT_TRUE(pipeline_->drain(kLong));
  EXPECT_FALSE(pipeline_->failure());
  EXPECT_EQ(letters_.size(), keys.size());
  EXPECT_EQ(dead_lettered(), 300);
  EXPECT_TRUE(sink.rows.contains("good"));
  EXPECT_THAT(pipeline_->take_done(), ElementsAre(Pair(Partition{0}, Offset{301})));
  EXPECT_EQ(left_over(), 0);
}

TEST_F(PipelineTest, RecordsOfATimeThatIsNotKeptCountApart) {
  class Forgetful final : public Sink {
   public:
    Result<WriteReport> write(const SinkBatch& batch, PutAside& /*aside*/) override {
      WriteReport report;
      report.too_old = batch.records.size();
      return report;
    }
    Result<std::map<Partition, Offset>> start_offsets(std::span<const Partition>) override {
      return std::map<Partition, Offset>{};
    }
    Result<void> check() override { return {}; }
  };
  add_sink<Forgetful>();
  start();
  add("a", 0);
  ASSERT_TRUE(pipeline_->drain(kLong));
  EXPECT_EQ(counters_.too_old.value(), 1);
  EXPECT_EQ(counters_.stale.value(), 0);
  EXPECT_EQ(left_over(), 0);
}

TEST_F(PipelineTest, AbandonedBatchesCountNoMore) {
  auto& sink = add_sink<CorkedSink>();
  start();
  add("a", 0);
  sink.await_writes(1);
  add("b", 1);
  pipeline_->abandon();
  EXPECT_TRUE(pipeline_->is_idle());
  add("a", 0);  // read again by another assignment
  sink.uncork();
  ASSERT_TRUE(pipeline_->drain(kLong));
  EXPECT_THAT(pipeline_->take_done(), ElementsAre(Pair(Partition{0}, Offset{1})));
}

TEST_F(PipelineTest, ReportsThatItWasFencedUntilAbandoned) {
  auto& sink = add_sink<FakeSink>();
  std::atomic<bool> is_fenced = true;
  sink.judge_batch = [&](const SinkBatch&) -> std::optional<Error> {
    return is_fenced ? std::optional{Error{Errc::fenced, Retry::after_backoff, "moved"}}
                     : std::nullopt;
  };
  start();
  add("a", 0);
  EXPECT_FALSE(pipeline_->drain(kLong));
  ASSERT_TRUE(pipeline_->failure());
  EXPECT_EQ(pipeline_->failure()->errc(), Errc::fenced);
  is_fenced = false;
  pipeline_->abandon();
  EXPECT_FALSE(pipeline_->failure());
  add("a", 0);
  ASSERT_TRUE(pipeline_->drain(kLong));
  EXPECT_EQ(sink.rows.size(), 1U);
}

TEST_F(PipelineTest, EndsWhileAStoreIsAway) {
  auto& sink = add_sink<FakeSink>();
  sink.judge_batch = [](const SinkBatch&) {
    return Error{Errc::unreachable, Retry::after_backoff, "away"};
  };
  start();
  add("a", 0);
  EXPECT_FALSE(pipeline_->drain(kLong));
  EXPECT_EQ(pipeline_->trouble(), "away");
  pipeline_.reset();  // must not hang
  EXPECT_GE(counters_.retries.value(), 1);
  EXPECT_EQ(left_over(), 0);
}

}  // namespace
}  // namespace freshet
