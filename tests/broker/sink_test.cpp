// Sinks against the mock cluster: their dead letters while the broker is away, and their
// membership.
#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "core/check.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"
#include "sinks/dead_letters.hpp"
#include "sinks/runner.hpp"
#include "tests/support/kafka_reading.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using kafka::Offset;
using kafka::Partition;
using test::MockCluster;
using Request = MockCluster::Request;

/// Refuses every record for what it says, as an encoder does.
class RefusingSink final : public Sink {
 public:
  Result<WriteReport> write(const SinkBatch& batch, PutAside& /*aside*/) override {
    WriteReport report;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      report.rejected.push_back(
          {i, Error{Errc::invalid_value, "title", "max_length", "too long"}, RefusedBy::encoder});
    }
    return report;
  }
  Result<std::map<Partition, Offset>> start_offsets(std::span<const Partition>) override {
    return std::map<Partition, Offset>{};
  }
  Result<void> check() override { return {}; }
};

class DeadLettersTest : public ::testing::Test {
 protected:
  static constexpr int kLetters = 600;  // more than a producer takes between two looks at failures

  void SetUp() override { cluster_.create_topic(std::string{topics::kDeadLetter}, 1); }

  void start(DeadLetters::Options options) {
    options.step = "sink.fake";
    options.topic = topics::kCatalog;
    letters_.emplace(config_, clock_, std::move(options), std::stop_token{});
    sinks_.push_back(std::make_unique<RefusingSink>());
    Pipeline::Options pipeline;
    pipeline.back_off = {20ms, 20ms};
    pipeline_.emplace(
        sinks_, [this](const Incoming& i, const Error& e) { return letters_->send(i, e); },
        [this] { return letters_->flush(); }, counters_, clock_, pipeline);
  }
  void add(int from, int to) {
    for (int i = from; i < to; ++i) {
      keys_.push_back(std::to_string(i));
    }
    for (int i = from; i < to; ++i) {
      Incoming incoming;
      incoming.record = {keys_[static_cast<std::size_t>(i)], "value", "", Partition{0}, Offset{i}};
      pipeline_->add(std::move(incoming), Offset{i});
    }
    pipeline_->publish();
  }
  void await_trouble() {
    while (!pipeline_->trouble()) {
      std::this_thread::yield();
    }
  }
  [[nodiscard]] bool drained() {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < until && !pipeline_->failure()) {
      if (pipeline_->drain(100ms)) {
        return true;
      }
    }
    return false;
  }
  /// How often each key stands on the topic.
  std::map<std::string, int> read() {
    std::map<std::string, int> times;
    for (const auto& one : test::read_all(config_, std::string{topics::kDeadLetter}, 1)) {
      ++times[*one.key];
    }
    return times;
  }

  MockCluster cluster_;
  Config::Kafka config_ = cluster_.config();
  SystemClock clock_;
  Metrics metrics_;
  SinkMetrics counters_{metrics_, "fake"};
  std::deque<std::string> keys_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::optional<DeadLetters> letters_;
  std::optional<Pipeline> pipeline_;
};

TEST_F(DeadLettersTest, ArriveAfterAnOutageLongerThanTheyLast) {
  DeadLetters::Options options;
  options.flush_timeout = 100ms;
  options.delivery_timeout = 1s;  // a long outage in little: they fail between two flushes
  start(std::move(options));
  add(0, 1);
  ASSERT_TRUE(drained());
  cluster_.go_away();
  add(1, kLetters);
  await_trouble();
  std::this_thread::sleep_for(3s);  // so long is the outage
  cluster_.come_back();
  ASSERT_TRUE(drained()) << pipeline_->trouble().value_or("");
  EXPECT_EQ(read().size(), static_cast<std::size_t>(kLetters));
  EXPECT_EQ(metrics_
                .counter("freshet_sink_records_dead_lettered_total", "",
                         {{"sink", "fake"}, {"errc", "invalid_value"}})
                .value(),
            kLetters);
}

TEST_F(DeadLettersTest, AreSentOnceThoughABatchIsTriedWhileTheyAreUnderWay) {
  DeadLetters::Options options;
  options.flush_timeout = 100ms;
  start(std::move(options));
  add(0, 1);
  ASSERT_TRUE(drained());
  cluster_.go_away();
  add(1, kLetters);
  while (counters_.retries.value() < 5) {
    std::this_thread::yield();
  }
  cluster_.come_back();
  ASSERT_TRUE(drained()) << pipeline_->trouble().value_or("");
  const auto times = read();
  EXPECT_EQ(times.size(), static_cast<std::size_t>(kLetters));
  for (const auto& [key, count] : times) {
    EXPECT_EQ(count, 1) << key;
  }
}

TEST_F(DeadLettersTest, OutliveAClientThatIsOutOfSequence) {
  start({});
  add(0, 1);
  ASSERT_TRUE(drained());
  cluster_.fail(Request::produce, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  add(1, kLetters);
  ASSERT_TRUE(drained()) << pipeline_->trouble().value_or("");
  EXPECT_EQ(read().size(), static_cast<std::size_t>(kLetters));
}

/// Keys that were written, by all sinks of a run.
struct Written {
  std::mutex mutex;
  std::set<std::string> keys;
  std::size_t size() {
    const std::scoped_lock lock{mutex};
    return keys.size();
  }
};

/// A store that answers nobody while it is there: who waits is cut off by his token alone.
struct Frost {
  std::atomic<bool> is_there = false;
  std::atomic<int> waiting = 0;
  std::atomic<bool> was_cut = false;
};

class WritingSink final : public Sink {
 public:
  WritingSink(Written& written, Frost& frost, std::stop_token stop)
      : written_{written}, frost_{frost}, stop_{std::move(stop)} {}
  Result<WriteReport> write(const SinkBatch& batch, PutAside& /*aside*/) override {
    WriteReport report;
    if (frost_.is_there) {
      ++frost_.waiting;
      frost_.was_cut = wait_for_stop(stop_, 60s);
      return Error{Errc::unreachable, Retry::after_backoff, "frozen"};
    }
    const std::scoped_lock lock{written_.mutex};
    for (const SinkRecord& record : batch.records) {
      written_.keys.emplace(record.key);
      ++report.written;
    }
    return report;
  }
  Result<std::map<Partition, Offset>> start_offsets(std::span<const Partition>) override {
    return std::map<Partition, Offset>{};
  }
  Result<void> check() override { return {}; }

 private:
  Written& written_;
  Frost& frost_;
  const std::stop_token stop_;
};

class SinkMembership : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.create_topic(std::string{topics::kDeadLetter}, 1);
    cluster_.create_topic(std::string{topics::kCatalog}, 2);
    config_.kafka = cluster_.config();
    config_.metrics.listen = "127.0.0.1:0";
    config_.process.instance = "one";
    spec_.role = {.name = "sink.fake", .topics = {topics::kCatalog}};
    spec_.make = [this](const Config&, const SinkSource&, std::stop_token stop) {
      return std::make_unique<WritingSink>(written_, frost_, std::move(stop));
    };
    role_ = std::jthread{[this] {
      code_ = run_sink(spec_, Context{config_, metrics_, stop_.get_token()}, {});
      has_ended_ = true;
    }};
  }
  ~SinkMembership() override { stop_.request_stop(); }

  void produce(int from, int to) {
    kafka::Producer producer{config_.kafka, {}};
    for (int i = from; i < to; ++i) {
      const std::string key = std::to_string(i);
      ASSERT_TRUE(producer.produce({.topic = topics::kCatalog,
                                    .partition = std::nullopt,
                                    .key = key,
                                    .value = "v",
                                    .headers = nullptr,
                                    .timestamp = std::nullopt}));
    }
    ASSERT_TRUE(producer.flush(10s));
  }
  template <class Condition>
  [[nodiscard]] static bool await(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + 150s;
    while (std::chrono::steady_clock::now() < until) {
      if (condition()) {
        return true;
      }
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

  MockCluster cluster_;
  Config config_;
  Metrics metrics_;
  Written written_;
  Frost frost_;
  SinkSpec spec_;
  std::stop_source stop_;
  std::atomic<int> code_ = -1;
  std::atomic<bool> has_ended_ = false;
  std::jthread role_;  // last: joined before what it uses is gone
};

TEST_F(SinkMembership, AMemberThatIsFencedOnceJoinsAgainAndReadsOn) {
  produce(0, 10);
  ASSERT_TRUE(await([&] { return written_.size() == 10; }));
  cluster_.fail(Request::heartbeat, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
  ASSERT_TRUE(await([&] { return cluster_.errors_left(Request::heartbeat) == 0; }));
  produce(10, 20);
  EXPECT_TRUE(await([&] { return written_.size() == 20 || has_ended_; }));
  EXPECT_EQ(written_.size(), 20U);
  EXPECT_FALSE(has_ended_);
  stop_.request_stop();
  role_.join();
  EXPECT_EQ(code_, ExitCode::done);
}

TEST_F(SinkMembership, AStopIsHeardWhileAFencedMemberWaitsForAFrozenStore) {
  SinkMetrics counters{metrics_, "fake"};
  produce(0, 10);
  ASSERT_TRUE(await([&] { return written_.size() == 10; }));
  frost_.is_there = true;
  produce(10, 11);
  ASSERT_TRUE(await([&] { return frost_.waiting == 1; }));
  produce(11, 12);
  ASSERT_TRUE(await([&] { return counters.received.value() == 12; }));
  cluster_.fail(Request::heartbeat, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
  // What was not yet being written is forgotten, and then it waits for what is.
  ASSERT_TRUE(await([&] { return counters.abandoned.value() >= 1; }));
  stop_.request_stop();
  role_.join();
  EXPECT_TRUE(frost_.was_cut);
  EXPECT_EQ(code_, ExitCode::done);
}

TEST_F(SinkMembership, AMemberThatIsFencedAgainAndAgainLeavesItsNameToTheOther) {
  produce(0, 10);
  ASSERT_TRUE(await([&] { return written_.size() == 10; }));
  cluster_.fail(Request::heartbeat, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 100);
  ASSERT_TRUE(await([&] { return has_ended_.load(); }));
  EXPECT_EQ(code_, ExitCode::failed);
}

}  // namespace
}  // namespace freshet
