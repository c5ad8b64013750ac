#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "core/config.hpp"
#include "core/kafka/producer.hpp"
#include "core/time.hpp"
#include "sinks/pipeline.hpp"

namespace freshet {

/// Writes a sink's dead letters to `media.dead-letter.v1`. Once a letter was handed over, delivery
/// is tried for as long as this object lives, whatever the broker does meanwhile.
///
/// @thread_safety  One thread at a time.
class DeadLetters {
 public:
  struct Options {
    std::string step;             ///< `sink.postgres`
    std::string topic;            ///< where the records come from, without prefix
    std::int32_t partitions = 0;  ///< of the dead-letter topic; 0: not known
    std::chrono::milliseconds flush_timeout{30'000};
    /// After this a letter counts as lost and is to be sent again; 0: never.
    std::chrono::milliseconds delivery_timeout{0};
  };

  /// @param stop  ends a flush that waits.
  DeadLetters(const Config::Kafka& config, const Clock& clock, Options options,
              std::stop_token stop);

  Result<void> send(const Incoming& incoming, const Error& error);
  Flushed flush();

 private:
  const Config::Kafka& config_;
  const Clock& clock_;
  const Options options_;
  const std::stop_token stop_;
  kafka::Producer producer_;
  std::uint64_t known_failed_ = 0;
};

}  // namespace freshet
