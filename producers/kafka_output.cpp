#include "producers/kafka_output.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

#include "core/check.hpp"
#include "core/kafka/admin.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/log.hpp"
#include "core/record/finished_run.hpp"
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

kafka::ConsumerOptions reader_options(kafka::Isolation isolation) {
  kafka::ConsumerOptions options;
  options.isolation = isolation;
  options.partition_end_events = true;  // a transaction's marker at the end is no record
  options.extra["fetch.wait.max.ms"] = "20";
  return options;
}

kafka::ProducerOptions producer_options() {
  kafka::ProducerOptions options;
  // A delivery that takes longer than this fails the run instead of holding it for five minutes.
  options.delivery_timeout = 55s;
  return options;
}

}  // namespace

Result<std::vector<RunState>> read_run_states(const Config::Kafka& config) {
  const std::string topic = config.prefixed(topics::kProducerState);
  std::int32_t partitions = 0;
  {
    kafka::Consumer consumer{config, reader_options(kafka::Isolation::read_committed)};
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
  kafka::Consumer consumer{config, reader_options(kafka::Isolation::read_committed)};
  raw_partitions_ = wait_for_topic(consumer, raw_topic_, stop);
  wait_for_topic(consumer, state_topic_, stop);
  wait_for_topic(consumer, totals_topic_, stop);
  wait_for_topic(consumer, config.prefixed(topics::kDeadLetter), stop);
  wait_for_topic(consumer, config.prefixed(topics::kAlerts), stop);
}

KafkaOutput::~KafkaOutput() = default;

Result<void> KafkaOutput::take_over(const std::string& name, std::int32_t sums) {
  heartbeat_ = {};
  const std::lock_guard lock{writing_};
  sums_number_ = sums;
  totals_.clear();  // somebody else may have added to them
  fresh_.reset();
  fenced_.reset();
  found_.reset();
  writer_ = std::make_unique<StateWriter>(config_, name, [this, name] { return is_ours(name); });
  if (const auto taken = writer_->take_over(); !taken) {
    return taken;
  }
  heartbeat_ = std::jthread{[this](const std::stop_token& stop) { keep_fresh(stop); }};
  return {};
}

// Nobody else makes a run under our transactional id. What stood there when we took it over was
// written by somebody who is fenced. The caller has the lock.
Result<bool> KafkaOutput::is_ours(const std::string& name) {
  const auto state = read_state(name);
  if (!state) {
    return state.error();
  }
  if (!*state || (*state)->holder == this_process() || !is_alive(**state, clock_.now())) {
    return true;
  }
  return found_ && found_->run_id == (*state)->run_id && found_->updated_at == (*state)->updated_at;
}

void KafkaOutput::keep_fresh(const std::stop_token& stop) {
  while (!wait_for_stop(stop, kRunHeartbeat)) {
    const std::lock_guard lock{writing_};
    if (!fresh_ || fenced_) {
      continue;
    }
    const auto not_kept = [this](const std::string& reason) {
      log::warn("run_not_kept_fresh", {{"run_id", fresh_->run_id}, {"reason", reason}});
    };
    try {
      fresh_->updated_at = clock_.now();
      if (const auto written = write({state_record(*fresh_)}); !written) {
        not_kept(written.error().message());
      }
    } catch (const std::exception& exception) {
      not_kept(exception.what());  // the run itself finds out at its next checkpoint
    }
  }
}

KafkaOutput::Kept KafkaOutput::state_record(const RunState& state) const {
  static const kafka::Headers headers = schema(schema_header::kProducerState);
  return {state_topic_, std::nullopt, state.command, encode_run_state(state), &headers};
}

// In one transaction. The caller has the lock.
Result<void> KafkaOutput::write(const std::vector<Kept>& records) {
  FRESHET_CHECK(writer_ != nullptr);  // take_over comes first
  if (fenced_) {
    return *fenced_;
  }
  std::vector<kafka::OutRecord> out;
  for (const Kept& kept : records) {
    kafka::OutRecord& record = out.emplace_back();
    record.topic = kept.topic;
    record.partition = kept.partition;
    record.key = kept.key;
    record.value = kept.value;
    record.headers = kept.headers;
  }
  auto written = writer_->write(out);
  if (!written && written.error().errc() == Errc::fenced) {
    fenced_ = written.error();
  }
  return written;
}

Result<std::optional<RunState>> KafkaOutput::last_state(const std::string& command) {
  auto state = read_state(command);
  const std::lock_guard lock{writing_};
  found_ = state ? *state : std::nullopt;
  return state;
}

Result<std::optional<RunState>> KafkaOutput::read_state(const std::string& command) const {
  kafka::Consumer consumer{config_, reader_options(kafka::Isolation::read_committed)};
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

Result<void> KafkaOutput::removal(const std::string& key, std::string_view value) {
  static const kafka::Headers headers = schema(schema_header::kRaw);
  return produce(raw_topic_, std::nullopt, key, value, headers);
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

std::string KafkaOutput::totals_key(const std::string& provider) const {
  return encode_totals_key({std::string{totals_kind::kProduce}, provider, sums_number_});
}

// Sums of providers that this run counts for the first time; all in one reading of the topic.
Result<void> KafkaOutput::learn_totals(const TotalsByProvider& added) {
  std::vector<std::string> providers;
  std::vector<std::string> keys;
  for (const auto& [provider, totals] : added) {
    if (!totals_.contains(provider)) {
      providers.push_back(provider);
      keys.push_back(totals_key(provider));
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

Result<void> KafkaOutput::checkpoint(const RunState& state, const TotalsByProvider& added) {
  if (const auto delivered = producer_.flush(kDeliveryTimeout); !delivered) {
    return delivered;
  }
  if (const auto learned = learn_totals(added); !learned) {
    return learned;
  }
  static const kafka::Headers headers = schema(schema_header::kTotals);
  std::map<std::string, Totals> sums;
  std::vector<Kept> records;
  for (const auto& [provider, totals] : added) {
    Totals& sum = sums[provider] = totals_.at(provider);
    sum.add(totals);
    records.push_back(
        {totals_topic_, kProducerTotals, totals_key(provider), encode_totals(sum), &headers});
  }
  records.push_back(state_record(state));
  const std::lock_guard lock{writing_};
  if (auto written = write(records); !written) {
    return written;
  }
  for (auto& [provider, sum] : sums) {
    totals_[provider] = std::move(sum);
  }
  fresh_ = state.outcome == RunOutcome::running ? std::optional{state} : std::nullopt;
  return {};
}

Result<void> KafkaOutput::alert(const Alert& alert) {
  static const kafka::Headers headers = schema(schema_header::kAlert);
  const std::lock_guard lock{writing_};
  return write({{config_.prefixed(topics::kAlerts), std::nullopt, alert_key(alert),
                 encode_alert(alert), &headers}});
}

Result<void> KafkaOutput::run_finished(MediaType media_type, std::string_view provider,
                                       std::string_view value) {
  static const kafka::Headers headers = schema(schema_header::kRaw);
  std::vector<Kept> records;
  for (std::int32_t i = 0; i < raw_partitions_; ++i) {
    records.push_back({raw_topic_, kafka::Partition{i}, finished_run_key(media_type, provider),
                       std::string{value}, &headers});
  }
  const std::lock_guard lock{writing_};
  return write(records);
}

}  // namespace freshet
