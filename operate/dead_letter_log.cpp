#include "operate/dead_letter_log.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"

namespace freshet {

using namespace std::chrono_literals;

void DeadLetterLog::add(const DeadLetterAction& action) {
  const auto state = action.kind == DeadLetterAction::Kind::redrive ? DeadLetterState::redriven
                                                                    : DeadLetterState::discarded;
  for (const std::int64_t offset : action.offsets) {
    states_[{action.partition, offset}] = state;
  }
}

DeadLetterState DeadLetterLog::state_of(std::int32_t partition, std::int64_t offset) const {
  const auto found = states_.find({partition, offset});
  return found == states_.end() ? DeadLetterState::open : found->second;
}

DeadLetterLog read_dead_letter_log(const Context& context) {
  const Config::Kafka& config = context.config.kafka;
  kafka::Admin admin{config};
  require_broker(admin);
  DeadLetterLog log;
  kafka::Consumer consumer{config, reader_options()};
  const std::string topic = config.prefixed(topics::kDeadLetterActions);
  if (!consumer.partition_count(topic, 10s)) {
    log::warn("topic_missing", {{"topic", topic}, {"text", "`freshet topics create` makes it"}});
    return log;
  }
  read_to_end(consumer, {{{topic, kafka::Partition{0}}, kafka::Consumer::kBeginning}}, context.stop,
              [&](const kafka::Message& message) {
                const auto action = parse_dead_letter_action(message.key().value_or(""),
                                                             message.value().value_or(""));
                if (action) {
                  log.add(*action);
                } else {
                  log::warn("dead_letter_action_unusable", {{"offset", message.offset().value},
                                                            {"text", action.error().message()}});
                }
                return true;
              });
  if (context.stop.stop_requested()) {
    throw WorkFailed{"stopped before all of " + topic + " was read"};
  }
  return log;
}

Result<void> produce_dead_letter_action(kafka::Producer& producer, const Config::Kafka& config,
                                        const DeadLetterAction& action) {
  const std::string topic = config.prefixed(topics::kDeadLetterActions);
  const std::string key = dead_letter_action_key(action);
  const std::string value = encode_dead_letter_action(action);
  const kafka::Headers headers{
      {std::string{schema_header::kName}, std::string{schema_header::kDeadLetterAction}}};
  return producer.produce({.topic = topic,
                           .partition = kafka::Partition{0},
                           .key = key,
                           .value = value,
                           .headers = &headers,
                           .timestamp = std::nullopt});
}

}  // namespace freshet
