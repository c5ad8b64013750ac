#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/kafka/types.hpp"

struct rd_kafka_message_s;

namespace freshet::kafka {

/// A consumed record: views into librdkafka's buffers, valid as long as the message lives.
class Message {
 public:
  explicit Message(rd_kafka_message_s* message) noexcept : message_{message} {}

  std::string_view topic() const noexcept;
  Partition partition() const noexcept;
  Offset offset() const noexcept;
  /// Nothing: null. A null value is a tombstone.
  std::optional<std::string_view> key() const noexcept;
  std::optional<std::string_view> value() const noexcept;
  /// The broker's append time or the producer's time: the topic decides which.
  UtcTime timestamp() const noexcept;
  /// The last header of that name.
  std::optional<std::string_view> header(std::string_view name) const noexcept;
  Headers headers() const;
  std::size_t size_bytes() const noexcept;  ///< key + value

 private:
  struct Free {
    void operator()(rd_kafka_message_s* message) const noexcept;
  };
  std::unique_ptr<rd_kafka_message_s, Free> message_;
};

/// What one poll brought: records in partition order, and partitions whose end was reached.
struct Polled {
  std::vector<Message> messages;
  std::vector<TopicPartition> ends;  ///< end-of-partition events (last stable offset reached)
};

}  // namespace freshet::kafka
