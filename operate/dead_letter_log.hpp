#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/commands.hpp"
#include "core/dead_letter_action.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/producer.hpp"
#include "operate/dead_letters.hpp"

namespace freshet {

/// What was done about dead letters, as `media.dead-letter-actions.v1` has it.
class DeadLetterLog {
 public:
  void add(const DeadLetterAction& action);
  DeadLetterState state_of(std::int32_t partition, std::int64_t offset) const;
  std::size_t size() const { return states_.size(); }

 private:
  std::map<std::pair<std::int32_t, std::int64_t>, DeadLetterState> states_;
};

/// Read to the topic's end; empty where a cluster of an earlier version lacks the topic.
/// @error StartupError, WorkFailed, also when it was told to stop: what was handled must not be
///        handled again.
DeadLetterLog read_dead_letter_log(const Context& context);

/// Produces one record of the log; the caller flushes or commits.
Result<void> produce_dead_letter_action(kafka::Producer& producer, const Config::Kafka& config,
                                        const DeadLetterAction& action);

}  // namespace freshet
