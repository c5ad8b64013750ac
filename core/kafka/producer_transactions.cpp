// The steps of a transaction.
#include <algorithm>
#include <thread>

#include "core/check.hpp"
#include "core/kafka/consumer_impl.hpp"
#include "core/kafka/producer_impl.hpp"

namespace freshet::kafka {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Between two tries of a step that librdkafka calls retriable. Mostly it has waited inside the call
// already.
constexpr milliseconds kRetryPause{5};

}  // namespace

// librdkafka goes on with a call that timed out when the same call is made again.
Producer::Step Producer::Impl::run_step(const char* what, milliseconds timeout,
                                        const std::function<rd_kafka_error_t*(int)>& call) {
  const auto until = steady_clock::now() + timeout;
  while (true) {
    const ApiError error{call(to_millis(remaining(until)))};
    if (!error) {
      return {};
    }
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
    std::string message =
        std::string{what} + " of " + name + ": " + rd_kafka_error_string(error.get());
    if (rd_kafka_error_is_fatal(error.get()) != 0) {
      const FatalError fatal = fatal_error(handle.get());
      return {is_fenced(code) || is_fenced(fatal.code) ? Outcome::fenced : Outcome::unknown,
              std::move(message)};
    }
    if (rd_kafka_error_txn_requires_abort(error.get()) != 0) {
      return {Outcome::abort, std::move(message)};
    }
    if (rd_kafka_error_is_retriable(error.get()) == 0 || steady_clock::now() >= until) {
      return {Outcome::unknown, std::move(message)};
    }
    std::this_thread::sleep_for(kRetryPause);
  }
}

Result<void> Producer::init_transactions(milliseconds timeout) {
  const Step step = impl_->run_step("registration", timeout, [&](int wait) {
    return rd_kafka_init_transactions(impl_->handle.get(), std::max(wait, 1));
  });
  switch (step.outcome) {
    case Outcome::done:
      return {};
    case Outcome::fenced:
      return Error{Errc::fenced, Retry::never, step.message};
    case Outcome::abort:
    case Outcome::unknown:
      break;
  }
  if (const FatalError fatal = fatal_error(impl_->handle.get());
      fatal.code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Error{Errc::broker_error, Retry::never, step.message};
  }
  return Error{Errc::timed_out, Retry::after_backoff, step.message};
}

Producer::Step Producer::begin_transaction() {
  rd_kafka_poll(impl_->handle.get(), 0);
  impl_->first_failure.reset();  // of an earlier transaction, which was aborted for it
  return impl_->run_step("start", milliseconds{0},
                         [&](int) { return rd_kafka_begin_transaction(impl_->handle.get()); });
}

Producer::Step Producer::send_offsets(const std::vector<TopicPartitionOffset>& offsets,
                                      Consumer& consumer, milliseconds timeout) {
  if (offsets.empty()) {
    return {};
  }
  const PartitionList list = make_list(offsets, consumer.impl().commit_note);
  const Owned<rd_kafka_consumer_group_metadata_t> group{
      rd_kafka_consumer_group_metadata(consumer.impl().handle.get())};
  FRESHET_CHECK(group);
  const Step step = impl_->run_step("offsets", timeout, [&](int wait) {
    return rd_kafka_send_offsets_to_transaction(impl_->handle.get(), list.get(), group.get(),
                                                std::max(wait, 1));
  });
  // Nothing is committed before `commit_transaction`, so an unknown outcome can be aborted.
  return step.outcome == Outcome::unknown &&
                 fatal_error(impl_->handle.get()).code == RD_KAFKA_RESP_ERR_NO_ERROR
             ? Step{Outcome::abort, step.message}
             : step;
}

Producer::Step Producer::commit_transaction(milliseconds timeout) {
  return impl_->run_step("commit", timeout, [&](int wait) {
    return rd_kafka_commit_transaction(impl_->handle.get(), std::max(wait, 1));
  });
}

Producer::Step Producer::abort_transaction(milliseconds timeout) {
  Step step = impl_->run_step("abort", timeout, [&](int wait) {
    return rd_kafka_abort_transaction(impl_->handle.get(), std::max(wait, 1));
  });
  // The records of the transaction were purged; their reports do not concern the next one.
  rd_kafka_poll(impl_->handle.get(), 0);
  impl_->first_failure.reset();
  return step;
}

}  // namespace freshet::kafka
