#pragma once

#include <optional>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "core/time.hpp"
#include "processors/stage.hpp"

namespace freshet {

/// Asks the broker about topics, again and again until it answers.
///
/// @thread_safety  One thread.
class TopicProbe {
 public:
  /// @param keep_alive  called before each question; false: no answer. Outlives the probe.
  TopicProbe(const Config::Kafka& config, const KeepAlive& keep_alive);

  /// With the high watermark. Nothing when it is to stop.
  std::optional<kafka::Watermarks> marks(const kafka::TopicPartition& at);
  /// With the last stable offset as the high one.
  std::optional<kafka::Watermarks> stable_marks(const kafka::TopicPartition& at);
  /// The first record that is not older. Outer nothing: it is to stop; inner: no such record.
  std::optional<std::optional<kafka::Offset>> first_since(const kafka::TopicPartition& at,
                                                          UtcTime time);

 private:
  std::optional<kafka::Watermarks> ask(kafka::Consumer& consumer, const kafka::TopicPartition& at);

  const KeepAlive& keep_alive_;
  kafka::Consumer uncommitted_;
  kafka::Consumer committed_;
};

}  // namespace freshet
