#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/config.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/kafka/producer.hpp"
#include "core/time.hpp"
#include "processors/stage.hpp"

namespace freshet {

/// Sends what the stages make, within the transaction of the batch. What was made of a record is
/// told with the record: there is nothing here that is about "the record at hand".
///
/// @thread_safety  One thread.
class StageOutput {
 public:
  /// @param partitions  of the topics that are keyed by work, dead letters among them.
  StageOutput(const Config::Kafka& config, std::int32_t partitions)
      : config_{config}, partitions_{partitions} {}

  /// From here on through this producer, until the batch is over.
  void begin(kafka::Producer& producer, UtcTime batch_time);

  /// Sends a record. One that cannot be sent fails the batch.
  void produce(const kafka::OutRecord& record);
  enum class Sent : std::uint8_t { done, failed, too_large };
  /// The same, but a record that is too large for its topic is left to the caller.
  Sent try_produce(const kafka::OutRecord& record);

  /// Puts a record aside whole, because of what is wrong with it.
  void dead_letter(const Error& error, const StageRecord& record);
  /// Puts bytes aside that are of no input. @param letter  `step` and `time` are set here.
  void dead_letter(kafka::DeadLetter letter, const kafka::Headers& headers);

  /// Tells of bytes that the batch keeps in memory until it is committed.
  void keep(std::uint64_t bytes) { kept_bytes_ += bytes; }
  std::uint64_t kept_bytes() const { return kept_bytes_; }

  /// The first error of the batch: what was to be sent is not, so the batch cannot be committed.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  void note(const Result<void>& sent);

  const Config::Kafka& config_;
  const std::int32_t partitions_;
  kafka::Producer* producer_ = nullptr;
  UtcTime batch_time_;
  std::optional<Error> failure_;
  std::uint64_t kept_bytes_ = 0;
};

/// The header `schema` of a record.
kafka::Headers schema_headers(std::string_view name);

}  // namespace freshet
