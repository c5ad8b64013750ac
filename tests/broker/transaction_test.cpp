#include <gmock/gmock.h>

#include "core/kafka/producer.hpp"
#include "tests/support/mock_cluster.hpp"

// The mock cluster proves nothing about visibility; these tests are about how errors are judged.
namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;
using test::MockCluster;
using Outcome = Producer::Outcome;
using Request = MockCluster::Request;

class TransactionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.create_topic("t", 1);
    make_producer();
  }
  void make_producer() {
    producer_.reset();
    ProducerOptions options;
    options.transactional_id = "loop.0";
    options.transaction_timeout = 5s;
    producer_ = std::make_unique<Producer>(cluster_.config(), options);
  }
  void begin_with_record() {
    ASSERT_TRUE(producer_->init_transactions(10s));
    ASSERT_EQ(producer_->begin_transaction().outcome, Outcome::done);
    OutRecord out;
    out.topic = "t";
    out.key = "k";
    out.value = "v";
    ASSERT_TRUE(producer_->produce(out));
  }
  Producer::Step commit() { return producer_->commit_transaction(3s); }

  MockCluster cluster_;
  std::unique_ptr<Producer> producer_;
};

TEST_F(TransactionTest, CommitsOneAfterAnother) {
  begin_with_record();
  for (int i = 0; i < 5; ++i) {
    const auto step = commit();
    ASSERT_EQ(step.outcome, Outcome::done) << step.message;
    ASSERT_EQ(producer_->begin_transaction().outcome, Outcome::done);
  }
  EXPECT_EQ(producer_->abort_transaction(3s).outcome, Outcome::done);
}

struct Fault {
  const char* name;
  Request request;
  rd_kafka_resp_err_t code;
  std::size_t times;
  Outcome outcome;
};
class CommitWithFault : public TransactionTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(CommitWithFault, EndsAs) {
  ASSERT_TRUE(producer_->init_transactions(10s));
  ASSERT_EQ(producer_->begin_transaction().outcome, Outcome::done);
  cluster_.fail(GetParam().request, GetParam().code, GetParam().times);
  OutRecord out;
  out.topic = "t";
  out.key = "k";
  out.value = "v";
  ASSERT_TRUE(producer_->produce(out));
  const auto step = commit();
  EXPECT_EQ(step.outcome, GetParam().outcome) << step.message;
}

INSTANTIATE_TEST_SUITE_P(
    , CommitWithFault,
    ::testing::Values(Fault{"CoordinatorMoved", Request::end_transaction,
                            RD_KAFKA_RESP_ERR_NOT_COORDINATOR, 2, Outcome::done},
                      Fault{"CoordinatorLoads", Request::end_transaction,
                            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 3, Outcome::done},
                      Fault{"PreviousOneStillEnds", Request::add_partitions_to_transaction,
                            RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, 3, Outcome::done},
                      Fault{"ProduceRetried", Request::produce,
                            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 3, Outcome::done},
                      Fault{"FencedAtTheEnd", Request::end_transaction,
                            RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1, Outcome::fenced},
                      Fault{"OldEpochAtTheEnd", Request::end_transaction,
                            RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 1, Outcome::fenced},
                      Fault{"FencedWhenAddingPartitions", Request::add_partitions_to_transaction,
                            RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1, Outcome::fenced},
                      Fault{"RecordRefused", Request::produce,
                            RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1, Outcome::abort}),
    [](const auto& one) { return one.param.name; });

TEST_F(TransactionTest, ACommitWithoutAnAnswerIsUnknown) {
  begin_with_record();
  ASSERT_TRUE(producer_->flush(5s));
  cluster_.go_away();
  const auto step = producer_->commit_transaction(1s);
  EXPECT_EQ(step.outcome, Outcome::unknown) << step.message;
}

TEST_F(TransactionTest, ACommitThatTimedOutMayBeAskedForAgain) {
  begin_with_record();
  ASSERT_TRUE(producer_->flush(5s));
  cluster_.go_away();
  ASSERT_EQ(producer_->commit_transaction(500ms).outcome, Outcome::unknown);
  cluster_.come_back();
  const auto step = producer_->commit_transaction(10s);
  EXPECT_EQ(step.outcome, Outcome::done) << step.message;
}

// The same handle may go on as well, but in librdkafka 2.0.2 its next transaction can fail again
// ("skipped sequence numbers"), because the failed record used up a number.
TEST_F(TransactionTest, AFailedRecordAbortsAndANewProducerGoesOn) {
  ASSERT_TRUE(producer_->init_transactions(10s));
  ASSERT_EQ(producer_->begin_transaction().outcome, Outcome::done);
  cluster_.fail(Request::produce, RD_KAFKA_RESP_ERR_INVALID_RECORD);
  OutRecord out;
  out.topic = "t";
  out.key = "k";
  out.value = "v";
  ASSERT_TRUE(producer_->produce(out));
  ASSERT_EQ(commit().outcome, Outcome::abort);
  const auto aborted = producer_->abort_transaction(5s);
  ASSERT_EQ(aborted.outcome, Outcome::done) << aborted.message;
  make_producer();
  begin_with_record();
  const auto step = commit();
  EXPECT_EQ(step.outcome, Outcome::done) << step.message;
}

TEST_F(TransactionTest, AnAbortedTransactionOfGoodRecordsLeavesTheHandleUsable) {
  begin_with_record();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(producer_->abort_transaction(5s).outcome, Outcome::done);
    ASSERT_EQ(producer_->begin_transaction().outcome, Outcome::done);
    OutRecord out;
    out.topic = "t";
    out.value = "v";
    const auto produced = producer_->produce(out);
    ASSERT_TRUE(produced) << produced.error().message();
  }
  const auto step = commit();
  EXPECT_EQ(step.outcome, Outcome::done) << step.message;
}

TEST_F(TransactionTest, RegistrationWaitsForTheCoordinatorUpToItsTime) {
  cluster_.go_away();
  const auto registered = producer_->init_transactions(500ms);
  ASSERT_FALSE(registered);
  EXPECT_EQ(registered.error().retry(), Retry::after_backoff);
  cluster_.come_back();
  const auto again = producer_->init_transactions(10s);
  EXPECT_TRUE(again) << again.error().message();
}

TEST_F(TransactionTest, AStepOutOfOrderIsNotTakenForSuccess) {
  EXPECT_NE(producer_->begin_transaction().outcome, Outcome::done);
  ASSERT_TRUE(producer_->init_transactions(10s));
  EXPECT_NE(commit().outcome, Outcome::done);
}

}  // namespace
}  // namespace freshet::kafka
