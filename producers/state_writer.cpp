#include "producers/state_writer.hpp"

#include <chrono>
#include <thread>

#include "core/log.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

// Longer than a broker's leader election, shorter than a person's patience.
constexpr auto kPatience = 60s;
constexpr auto kRegistration = 30s;
constexpr auto kCommit = 10s;
constexpr auto kPause = 500ms;

}  // namespace

StateWriter::StateWriter(const Config::Kafka& config, const std::string& name,
                         std::function<Result<bool>()> is_ours)
    : config_{config}, name_{"produce." + name}, is_ours_{std::move(is_ours)} {}

Result<void> StateWriter::take_over() {
  kafka::ProducerOptions options;
  options.transactional_id = config_.prefixed(name_);
  producer_ = std::make_unique<kafka::Producer>(config_, options);
  return producer_->init_transactions(kRegistration);
}

kafka::Producer::Step StateWriter::try_to_write(std::span<const kafka::OutRecord> records) {
  if (auto begun = producer_->begin_transaction(); begun.outcome != Outcome::done) {
    return begun;
  }
  for (const kafka::OutRecord& record : records) {
    if (const auto sent = producer_->produce(record); !sent) {
      return {sent.error().errc() == Errc::fenced ? Outcome::fenced : Outcome::abort,
              sent.error().message()};
    }
  }
  return producer_->commit_transaction(kCommit);
}

Error StateWriter::fenced() const {
  return {Errc::fenced, Retry::never, "another run has taken over " + name_};
}

Result<void> StateWriter::renew() {
  const auto ours = is_ours_();
  if (!ours) {
    return ours.error();
  }
  return *ours ? take_over() : Result<void>{fenced()};
}

Result<void> StateWriter::write(std::span<const kafka::OutRecord> records) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto step = try_to_write(records);
    if (step.outcome == Outcome::done) {
      return {};
    }
    if (step.outcome == Outcome::fenced) {
      return fenced();
    }
    // It may or may not have happened. A new client gives up what is open, and writes it again.
    log::warn("run_state_retried", {{"writer", name_}, {"text", step.message}});
    for (;;) {
      const auto renewed = renew();
      if (renewed) {
        break;
      }
      if (renewed.error().errc() == Errc::fenced || std::chrono::steady_clock::now() > until) {
        return renewed.error();
      }
      std::this_thread::sleep_for(kPause);
    }
    if (std::chrono::steady_clock::now() > until) {
      return Error{Errc::broker_error, Retry::after_backoff, step.message};
    }
  }
}

}  // namespace freshet
