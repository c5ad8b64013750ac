#include "core/kafka/newest.hpp"

#include <algorithm>
#include <chrono>

#include "core/kafka/consumer.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadTimeout = 30s;

kafka::ConsumerOptions reader_options(kafka::Isolation isolation) {
  kafka::ConsumerOptions options;
  options.isolation = isolation;
  options.partition_end_events = true;  // a transaction's marker at the end is no record
  options.extra["fetch.wait.max.ms"] = "20";
  return options;
}

}  // namespace

Result<std::map<std::string, std::string>> read_newest(const Config::Kafka& config,
                                                       const std::string& topic,
                                                       kafka::Partition partition,
                                                       const std::vector<std::string>& keys) {
  const kafka::TopicPartition at{topic, partition};
  // With read_committed it would be the last stable offset, and our own records may lie behind it.
  kafka::Consumer looking{config, reader_options(kafka::Isolation::read_uncommitted)};
  const auto ends = looking.watermarks(at, kReadTimeout);
  if (!ends) {
    return ends.error();
  }
  kafka::Consumer consumer{config, reader_options(kafka::Isolation::read_committed)};
  std::map<std::string, std::string> newest;
  if (ends->low == ends->high) {
    return newest;
  }
  if (const auto assigned = consumer.assign({{at, kafka::Consumer::kBeginning}}); !assigned) {
    return assigned.error();
  }
  const auto deadline = std::chrono::steady_clock::now() + kReadTimeout;
  for (;;) {
    // The position, not the last record, tells the end: markers and compacted gaps are no records.
    const auto positions = consumer.positions();
    if (positions && !positions->empty() && positions->front().second &&
        *positions->front().second >= ends->high) {
      return newest;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{Errc::timed_out, Retry::after_backoff, "reading " + topic + " took too long"};
    }
    const auto polled = consumer.poll(100ms, 10'000);
    if (!polled) {
      if (polled.error().retry() == Retry::never) {
        return polled.error();
      }
      continue;
    }
    for (const kafka::Message& message : polled->messages) {
      const std::string key{message.key().value_or("")};
      if (!keys.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) {
        continue;
      }
      if (message.value()) {
        newest[key] = *message.value();
      } else {
        newest.erase(key);
      }
    }
  }
}

}  // namespace freshet
