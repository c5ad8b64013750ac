#include "sinks/dead_letters.hpp"

#include <algorithm>
#include <utility>

#include "core/kafka/dead_letter.hpp"
#include "core/stop.hpp"

namespace freshet {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookForStop{200};

kafka::ProducerOptions producer_options(const DeadLetters::Options& options) {
  kafka::ProducerOptions producing;
  producing.delivery_timeout = options.delivery_timeout;
  return producing;
}

}  // namespace

DeadLetters::DeadLetters(const Config::Kafka& config, const Clock& clock, Options options,
                         std::stop_token stop)
    : config_{config},
      clock_{clock},
      options_{std::move(options)},
      stop_{std::move(stop)},
      producer_{config, producer_options(options_)} {}

Result<void> DeadLetters::send(const Incoming& incoming, const Error& error) {
  kafka::DeadLetter letter;
  letter.step = options_.step;
  letter.error = error;
  letter.origin = {options_.topic, incoming.record.partition, incoming.record.offset.value};
  letter.key = incoming.record.key;
  letter.value = incoming.record.value;
  letter.time = clock_.now();
  letter.partitions = options_.partitions;
  return kafka::produce_dead_letter(
      producer_, config_, letter,
      incoming.message ? incoming.message->headers() : kafka::Headers{});
}

Flushed DeadLetters::flush() {
  const auto until = std::chrono::steady_clock::now() + options_.flush_timeout;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    auto result = producer_.flush(std::clamp(left, milliseconds{0}, kLookForStop));
    if (result) {
      return {};
    }
    // Also those that failed while others were handed over.
    const bool is_lost = std::exchange(known_failed_, producer_.failed()) != producer_.failed();
    if (is_lost || result.error().retry() == Retry::never) {
      return {result.error(), true};
    }
    if (left <= kLookForStop || stop_.stop_requested()) {
      return {result.error(), false};
    }
    if (result.error().errc() != Errc::timed_out) {
      wait_for_stop(stop_, kLookForStop);  // it did not wait itself
    }
  }
}

}  // namespace freshet
