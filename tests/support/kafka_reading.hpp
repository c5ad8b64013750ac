#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"

namespace freshet::test {

/// A consumed record as a copy, for comparison.
struct ReadRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  kafka::Headers headers;
  UtcTime timestamp;
};

inline ReadRecord copy_of(const kafka::Message& message) {
  return {message.partition().value,
          message.offset().value,
          message.key() ? std::optional{std::string{*message.key()}} : std::nullopt,
          message.value() ? std::optional{std::string{*message.value()}} : std::nullopt,
          message.headers(),
          message.timestamp()};
}

/// Everything in partitions 0 … `partitions`-1 of a topic, up to the end-of-partition events.
inline std::vector<ReadRecord> read_all(
    const Config::Kafka& config, const std::string& topic, int partitions,
    kafka::Isolation isolation = kafka::Isolation::read_committed) {
  kafka::ConsumerOptions options;
  options.isolation = isolation;
  options.partition_end_events = true;
  kafka::Consumer consumer{config, options};
  std::vector<kafka::TopicPartitionOffset> all;
  for (int i = 0; i < partitions; ++i) {
    all.push_back({{topic, kafka::Partition{i}}, kafka::Consumer::kBeginning});
  }
  if (const auto assigned = consumer.assign(all); !assigned) {
    throw std::runtime_error{assigned.error().message()};
  }
  std::vector<ReadRecord> records;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  for (int ends = 0; ends < partitions;) {
    if (std::chrono::steady_clock::now() > until) {
      throw std::runtime_error{"no end of " + topic + " within 20 s"};
    }
    const auto polled = consumer.poll(std::chrono::milliseconds{500}, 1'000);
    if (!polled) {
      continue;
    }
    for (const kafka::Message& message : polled->messages) {
      records.push_back(copy_of(message));
    }
    ends += static_cast<int>(polled->ends.size());
  }
  return records;
}

}  // namespace freshet::test
