#include "producers/kafka_output.hpp"

#include <algorithm>
#include <chrono>

#include "core/check.hpp"
#include "core/kafka/admin.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

// Longer than a broker's leader election, shorter than a person's patience.
constexpr auto kDeliveryTimeout = 60s;
constexpr auto kReadTimeout = 30s;
constexpr kafka::Partition kProducerTotals{0};

kafka::Headers schema(std::string_view name) {
  return {{std::string{schema_header::kName}, std::string{name}}};
}

// A topic that is not there (yet) is waited for: `topics create` may be running beside us.
std::int32_t wait_for_topic(kafka::Consumer& consumer, const std::string& topic,
                            const std::stop_token& stop) {
  for (;;) {
    const auto count = consumer.partition_count(topic, 5s);
    if (count) {
      return *count;
    }
    log::warn("topic_awaited", {{"topic", topic}, {"text", count.error().message()}});
    if (wait_for_stop(stop, 1s)) {
      throw WorkFailed{"stopped while waiting for topic " + topic};
    }
  }
}

kafka::ConsumerOptions reader_options() {
  kafka::ConsumerOptions options;
  options.isolation = kafka::Isolation::read_uncommitted;
  return options;
}

kafka::ProducerOptions producer_options() {
  kafka::ProducerOptions options;
  // A delivery that takes longer than this fails the run instead of holding it for five minutes.
  options.extra["message.timeout.ms"] = "55000";
  return options;
}

}  // namespace

Result<std::map<std::string, std::string>> read_newest(const Config::Kafka& config,
                                                       const std::string& topic,
                                                       kafka::Partition partition,
                                                       const std::vector<std::string>& keys) {
  kafka::Consumer consumer{config, reader_options()};
  const kafka::TopicPartition at{topic, partition};
  const auto ends = consumer.watermarks(at, kReadTimeout);
  if (!ends) {
    return ends.error();
  }
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

Result<std::vector<RunState>> read_run_states(const Config::Kafka& config) {
  const std::string topic = config.prefixed(topics::kProducerState);
  std::int32_t partitions = 0;
  {
    kafka::Consumer consumer{config, reader_options()};
    const auto count = consumer.partition_count(topic, 5s);
    if (!count) {
      return count.error();
    }
    partitions = *count;
  }
  std::vector<RunState> states;
  for (std::int32_t i = 0; i < partitions; ++i) {
    const auto values = read_newest(config, topic, kafka::Partition{i}, {});
    if (!values) {
      return values.error();
    }
    for (const auto& [key, value] : *values) {
      auto state = parse_run_state(value);
      if (!state) {
        log::warn("producer_state_unreadable", {{"key", key}, {"reason", state.error().message()}});
        continue;
      }
      states.push_back(std::move(*state));
    }
  }
  std::sort(states.begin(), states.end(),
            [](const RunState& a, const RunState& b) { return a.command < b.command; });
  return states;
}

KafkaOutput::KafkaOutput(const Config::Kafka& config, const Clock& clock,
                         const std::stop_token& stop)
    : config_{config},
      clock_{clock},
      raw_topic_{config.prefixed(topics::kRaw)},
      state_topic_{config.prefixed(topics::kProducerState)},
      totals_topic_{config.prefixed(topics::kTotals)},
      producer_{config, producer_options()} {
  kafka::Admin admin{config};
  if (const auto reachable = admin.reachable(10s); !reachable) {
    throw StartupError{reachable.error().message()};
  }
  kafka::Consumer consumer{config, reader_options()};
  raw_partitions_ = wait_for_topic(consumer, raw_topic_, stop);
  wait_for_topic(consumer, state_topic_, stop);
  wait_for_topic(consumer, totals_topic_, stop);
  wait_for_topic(consumer, config.prefixed(topics::kDeadLetter), stop);
}

KafkaOutput::~KafkaOutput() = default;

Result<std::optional<RunState>> KafkaOutput::last_state(const std::string& command) {
  kafka::Consumer consumer{config_, reader_options()};
  const auto partitions = consumer.partition_count(state_topic_, kReadTimeout);
  if (!partitions) {
    return partitions.error();
  }
  const kafka::Partition partition{partition_for_key(command, *partitions)};
  const auto values = read_newest(config_, state_topic_, partition, {command});
  if (!values) {
    return values.error();
  }
  const auto found = values->find(command);
  if (found == values->end()) {
    return std::optional<RunState>{};
  }
  auto state = parse_run_state(found->second);
  if (!state) {
    return state.error();
  }
  return std::optional<RunState>{std::move(*state)};
}

Result<void> KafkaOutput::produce(const std::string& topic,
                                  std::optional<kafka::Partition> partition, std::string_view key,
                                  std::string_view value, const kafka::Headers& headers) {
  kafka::OutRecord record;
  record.topic = topic;
  record.partition = partition;
  record.key = key;
  record.value = value;
  record.headers = &headers;
  return producer_.produce(record);
}

Result<void> KafkaOutput::sighting(const Sighting& sighting, std::string_view value) {
  static const kafka::Headers headers = schema(schema_header::kRaw);
  return produce(raw_topic_, std::nullopt, sighting.key, value, headers);
}

Result<void> KafkaOutput::rejection(const Rejection& rejection) {
  const std::string step = "produce." + rejection.provider;
  kafka::DeadLetter letter;
  letter.step = step;
  letter.error = rejection.error;
  letter.origin = {rejection.url, std::nullopt, rejection.item};
  if (rejection.key) {
    letter.key = *rejection.key;
  }
  letter.value = rejection.value;
  letter.time = clock_.now();
  return kafka::produce_dead_letter(producer_, config_, letter);
}

// Sums of providers that this run counts for the first time; all in one reading of the topic.
Result<void> KafkaOutput::learn_totals(const TotalsByProvider& added) {
  std::vector<std::string> providers;
  std::vector<std::string> keys;
  for (const auto& [provider, totals] : added) {
    if (!totals_.contains(provider)) {
      providers.push_back(provider);
      keys.push_back(encode_totals_key({"produce", provider, kProducerTotals.value}));
    }
  }
  if (providers.empty()) {
    return {};
  }
  const auto values = read_newest(config_, totals_topic_, kProducerTotals, keys);
  if (!values) {
    return values.error();
  }
  std::map<std::string, Totals> learned;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    Totals& totals = learned[providers[i]];
    if (const auto stored = values->find(keys[i]); stored != values->end()) {
      auto parsed = parse_totals(stored->second);
      if (!parsed) {
        return parsed.error();
      }
      totals = std::move(*parsed);
    }
  }
  totals_.merge(learned);
  return {};
}

Result<void> KafkaOutput::add_totals(const TotalsByProvider& added) {
  static const kafka::Headers headers = schema(schema_header::kTotals);
  if (const auto learned = learn_totals(added); !learned) {
    return learned;
  }
  for (const auto& [provider, totals] : added) {
    Totals& sum = totals_.at(provider);
    sum.add(totals);
    const std::string key = encode_totals_key({"produce", provider, kProducerTotals.value});
    const auto sent = produce(totals_topic_, kProducerTotals, key, encode_totals(sum), headers);
    if (!sent) {
      return sent;
    }
  }
  return {};
}

Result<void> KafkaOutput::checkpoint(const RunState& state, const TotalsByProvider& added) {
  if (const auto delivered = producer_.flush(kDeliveryTimeout); !delivered) {
    return delivered;
  }
  if (const auto counted = add_totals(added); !counted) {
    return counted;
  }
  static const kafka::Headers headers = schema(schema_header::kProducerState);
  auto kept = produce(state_topic_, std::nullopt, state.command, encode_run_state(state), headers);
  if (!kept) {
    return kept;
  }
  return producer_.flush(kDeliveryTimeout);
}

Result<void> KafkaOutput::run_finished(MediaType media_type, std::string_view provider,
                                       std::string_view value) {
  static const kafka::Headers headers = schema(schema_header::kRaw);
  const std::string key = run_finished_key(media_type, provider);
  for (std::int32_t i = 0; i < raw_partitions_; ++i) {
    const auto sent = produce(raw_topic_, kafka::Partition{i}, key, value, headers);
    if (!sent) {
      return sent;
    }
  }
  return producer_.flush(kDeliveryTimeout);
}

}  // namespace freshet
