#include "processors/catalogue/batch.hpp"

#include <algorithm>
#include <utility>

#include "core/topics.hpp"

namespace freshet {
namespace {

constexpr std::uint64_t kMaxRecords = 20'000;
constexpr std::uint64_t kMaxBytes = 8U << 20U;
// What takes a few bytes, a verdict or a removal, may write a record of thousands.
constexpr std::uint64_t kMaxRecordBytes = 32U << 20U;

}  // namespace

Batch::Batch(const Config& config, const Inputs& inputs, PolicyRules& policy,
             OwnedPartitions& partitions, LoopTools& tools, LoopCounters& counters,
             const Clock& clock)
    : config_{config},
      inputs_{inputs},
      partitions_{partitions},
      tools_{tools},
      counters_{counters},
      clock_{clock},
      policy_{policy},
      output_{config.kafka, inputs.partitions().works},
      totals_topic_{config.kafka.prefixed(topics::kTotals)},
      totals_headers_{schema_headers(schema_header::kTotals)} {}

void Batch::begin(kafka::Producer& producer, UtcTime time) {
  time_ = time;
  tools_.estimates.begin();
  output_.begin(producer, time);
  take_rules();
  rewrite_faulty_policy();
}

// One state of policy for the whole batch.
void Batch::take_rules() {
  rules_ = policy_.newest();
  for (const auto& [number, partition] : partitions_) {
    for (const auto& [spec, stage] : partition->stages) {
      if (BackgroundWork* const background = stage->background()) {
        background->look_for_work(rules_);
      }
    }
  }
}

bool Batch::has_background_work() {
  if (partitions_.empty()) {
    return false;
  }
  take_rules();
  const auto& faults = rules_->state->faults;
  if (partitions_.contains(0) && !faults.empty() && faults.back().offset > rewritten_) {
    return true;
  }
  return std::ranges::any_of(partitions_,
                             [](const auto& owned) { return owned.second->has_background_work(); });
}

// Whoever owns partition 0 puts aside what cannot be used, once, and says again what is in force:
// compaction would leave nothing else of that rule.
void Batch::rewrite_faulty_policy() {
  batch_rewritten_ = rewritten_;
  if (!partitions_.contains(0)) {
    return;
  }
  const kafka::Headers plain = schema_headers(schema_header::kPolicy);
  const std::string topic = config_.kafka.prefixed(topics::kPolicy);
  for (const PolicyFault& fault : rules_->state->faults) {
    if (fault.offset <= rewritten_) {
      continue;
    }
    if (fault.error) {
      output_.dead_letter({.step = {},
                           .error = *fault.error,
                           .origin = {.topic = std::string{topics::kPolicy},
                                      .partition = kafka::Partition{0},
                                      .offset = fault.offset},
                           .key = fault.key,
                           .value = fault.bytes,
                           .time = {}},
                          fault.schema ? schema_headers(*fault.schema) : kafka::Headers{});
    }
    kafka::Headers headers = plain;
    if (!fault.in_force) {
      headers.emplace_back("version", std::to_string(fault.version));
    }
    output_.produce({.topic = topic,
                     .partition = kafka::Partition{0},
                     .key = fault.key,
                     .value = fault.in_force,
                     .headers = &headers,
                     .timestamp = std::nullopt});
    batch_rewritten_ = std::max(batch_rewritten_, fault.offset);
  }
}

void Batch::commit_only(const std::vector<kafka::TopicPartitionOffset>& positions) {
  for (const auto& [at, position] : positions) {
    next_offsets_[at.partition.value][index_of(inputs_.input(at.topic))] = position;
  }
}

std::int64_t Batch::scan(std::chrono::microseconds time, std::int64_t most_written) {
  const auto start = std::chrono::steady_clock::now();
  const auto until = start + time;
  const auto has_time = [&] { return std::chrono::steady_clock::now() < until; };
  std::int64_t written = 0;
  bool is_over = most_written <= 0;
  // From the partition after the one that had the last turn.
  for (std::size_t turn = 0; turn < partitions_.size() && !is_over; ++turn) {
    auto next = partitions_.upper_bound(last_scanned_);
    next = next == partitions_.end() ? partitions_.begin() : next;
    PartitionState& partition = *next->second;
    last_scanned_ = partition.number;
    for (const auto& [spec, stage] : partition.stages) {
      BackgroundWork* const background = stage->background();
      if (background == nullptr || !background->has_work() || is_over) {
        continue;
      }
      touch(partition);
      const BackgroundWork::Slice slice =
          background->work(has_time, most_written - written, output_);
      written += slice.written;
      scanned_.works += slice.works;
      scanned_.written += slice.written;
      is_over = written >= most_written || !has_time();
    }
  }
  scan_time_ = std::chrono::steady_clock::now() - start;
  return written;
}

Result<void> Batch::take(const kafka::Polled& polled) {
  Route route;
  for (const kafka::Message& message : polled.messages) {
    set_route(route, message);
    route.stage->apply({TopicRecord::of(message), route.input, &message}, output_);
    *route.next = kafka::Offset{message.offset().value + 1};
    bytes_ += message.size_bytes();
  }
  records_ += polled.messages.size();
  return output_.failure() ? Result<void>{*output_.failure()} : Result<void>{};
}

void Batch::set_route(Route& route, const kafka::Message& message) {
  const std::string_view topic = message.topic();
  const std::int32_t number = message.partition().value;
  if (route.topic == topic.data() && route.number == number) {
    return;
  }
  if (route.topic != topic.data()) {
    route.topic = topic.data();
    route.input = inputs_.input(topic);
  }
  route.number = number;
  PartitionState& partition = *partitions_.at(number);
  touch(partition);
  route.stage = &partition.stage(route.input);
  route.next = &next_offsets_[number][index_of(route.input)];
}

void Batch::touch(PartitionState& partition) {
  if (!touched_.try_emplace(partition.number).second) {
    return;
  }
  for (const auto& [spec, stage] : partition.stages) {
    stage->begin({.time = time_, .rules = rules_, .tools = &tools_});
  }
}

Result<void> Batch::finish() {
  for (auto& [number, totals] : touched_) {
    const PartitionState& partition = *partitions_.at(number);
    for (const auto& [spec, stage] : partition.stages) {
      stage->finish(output_);
    }
    for (const auto& [spec, stage] : partition.stages) {
      stage->append_totals(totals);
    }
    send_totals(number, totals);
  }
  return output_.failure() ? Result<void>{*output_.failure()} : Result<void>{};
}

void Batch::send_totals(std::int32_t number, const EncodedSums& totals) {
  for (const auto& [name, value] : totals) {
    const std::string key = name + ":" + std::to_string(number);
    output_.produce({.topic = totals_topic_,
                     .partition = kafka::Partition{number},
                     .key = key,
                     .value = value,
                     .headers = &totals_headers_,
                     .timestamp = std::nullopt});
  }
}

std::vector<kafka::TopicPartitionOffset> Batch::offsets() const {
  std::vector<kafka::TopicPartitionOffset> list;
  for (const auto& [number, next] : next_offsets_) {
    for (const Input input : kInputs) {
      if (const auto& offset = next[index_of(input)]) {
        list.push_back({{inputs_.topic(input), kafka::Partition{number}}, *offset});
      }
    }
  }
  return list;
}

// Everything here follows from what the topics say now; a crash before it loses nothing.
void Batch::store() {
  const std::int64_t now_ms = clock_.now().millis();  // not before any record was sent
  static const NextOffsets kNone{};
  for (auto& [number, totals] : touched_) {
    PartitionState& partition = *partitions_.at(number);
    partition.stored.positions().totals.sent(static_cast<std::int64_t>(totals.size()));
    partition.stored.keep_sums(std::move(totals));
    const auto next = next_offsets_.find(number);
    const CommittedBatch committed{now_ms, next == next_offsets_.end() ? kNone : next->second};
    for (const auto& [spec, stage] : partition.stages) {
      stage->store(committed);
    }
  }
}

void Batch::count() {
  tools_.estimates.commit();
  for (const auto& [number, totals] : touched_) {
    for (const auto& [spec, stage] : partitions_.at(number)->stages) {
      stage->commit();
    }
  }
  counters_.scanned.add(static_cast<double>(scanned_.works));
  counters_.scan_written.add(static_cast<double>(scanned_.written));
  counters_.scan_seconds.add(std::chrono::duration<double>(scan_time_).count());
  rewritten_ = batch_rewritten_;
  StageSizes sizes;
  for (const auto& [number, partition] : partitions_) {
    for (const auto& [spec, stage] : partition->stages) {
      stage->add_sizes(sizes);
    }
  }
  counters_.show(sizes);
  clear();
}

void Batch::rollback() {
  tools_.estimates.rollback();
  for (const auto& [number, totals] : touched_) {
    for (const auto& [spec, stage] : partitions_.at(number)->stages) {
      stage->rollback();
    }
  }
  clear();
}

bool Batch::is_full() const {
  return records_ >= kMaxRecords || bytes_ >= kMaxBytes || output_.kept_bytes() >= kMaxRecordBytes;
}

void Batch::clear() {
  touched_.clear();
  next_offsets_.clear();
  records_ = 0;
  bytes_ = 0;
  scanned_ = {};
  scan_time_ = {};
}

}  // namespace freshet
