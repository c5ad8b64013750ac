#include "processors/catalogue/batch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/topics.hpp"
#include "processors/catalogue/run_count.hpp"

namespace freshet {
namespace {

constexpr std::uint64_t kMaxRecords = 20'000;
constexpr std::uint64_t kMaxBytes = 8U << 20U;
// What takes a few bytes, a verdict or a removal, may write a record of thousands.
constexpr std::uint64_t kMaxRecordBytes = 32U << 20U;

}  // namespace

Batch::Batch(const Config& config, const Inputs& inputs, PolicyRules& policy,
             OwnedPartitions& partitions, LoopCounters& counters)
    : config_{config},
      inputs_{inputs},
      partitions_{partitions},
      counters_{counters},
      policy_{policy},
      output_{config.kafka, inputs.partitions()} {}

void Batch::begin(kafka::Producer& producer, UtcTime time) {
  time_ = time;
  output_.begin(producer, time);
  take_rules();
  mend_policy();
}

// One state of policy for the whole batch. What it asks to be scanned is asked for once.
void Batch::take_rules() {
  if (const auto newest = policy_.newest(); newest != rules_) {
    rules_ = newest;
    tools_.emplace(Dedupe::Tools{
        [this](std::string_view work, Arena& arena) { return cleaner_.clean(work, arena); },
        reader_, rules_->rules, std::chrono::days{config_.process.touch_after_days}});
  }
  for (const auto& [number, partition] : partitions_) {
    if (partition->scanned_for != rules_) {
      partition->scanned_for = rules_;
      for (ScanJob& job : scans_of(*rules_->state->policy)) {
        partition->scan.request(std::move(job));
      }
    }
    for (ScanJob& job : run_counts_of(partition->dedupe.sums())) {
      partition->scan.request(std::move(job));
    }
  }
}

bool Batch::has_background_work() {
  if (partitions_.empty()) {
    return false;
  }
  take_rules();
  const auto& faults = rules_->state->faults;
  return (partitions_.contains(0) && !faults.empty() && faults.back().offset > mended_) ||
         std::ranges::any_of(partitions_,
                             [](const auto& entry) { return entry.second->scan.has_work(); });
}

// Whoever owns partition 0 puts aside what cannot be used, once, and says again what is in force:
// compaction would leave nothing else of that rule.
void Batch::mend_policy() {
  batch_mended_ = mended_;
  if (!partitions_.contains(0)) {
    return;
  }
  const kafka::Headers plain = schema_headers(schema_header::kPolicy);
  const std::string topic = config_.kafka.prefixed(topics::kPolicy);
  for (const PolicyFault& fault : rules_->state->faults) {
    if (fault.offset <= mended_) {
      continue;
    }
    if (fault.error) {
      output_.dead_letter(*fault.error,
                          {.topic = std::string{topics::kPolicy},
                           .partition = kafka::Partition{0},
                           .offset = fault.offset},
                          fault.key, fault.bytes,
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
    batch_mended_ = std::max(batch_mended_, fault.offset);
  }
}

void Batch::stay_at(const std::vector<kafka::TopicPartitionOffset>& positions) {
  for (const auto& [at, position] : positions) {
    next_offsets_.insert_or_assign(at, position);
  }
}

void Batch::scan(std::chrono::microseconds time) {
  const auto start = std::chrono::steady_clock::now();
  const auto until = start + time;
  bool is_over = false;
  // From the partition after the one that had the last turn.
  for (std::size_t turn = 0; turn < partitions_.size() && !is_over; ++turn) {
    auto next = partitions_.upper_bound(last_scanned_);
    next = next == partitions_.end() ? partitions_.begin() : next;
    PartitionState& partition = *next->second;
    last_scanned_ = partition.number;
    if (!partition.scan.has_work()) {
      continue;
    }
    Touched& touched = touch(partition);
    output_.about(kafka::Partition{partition.number}, touched);
    ScanBatch batch{partition.dedupe, *tools_, output_};
    const Scan::Slice slice =
        partition.scan.run([&] { return std::chrono::steady_clock::now() < until; }, batch);
    scanned_.works += slice.works;
    scanned_.written += slice.written;
    is_over = std::chrono::steady_clock::now() >= until;
  }
  scan_time_ = std::chrono::steady_clock::now() - start;
}

Result<void> Batch::take(const kafka::Polled& polled) {
  Route route;
  for (const kafka::Message& message : polled.messages) {
    set_route(route, message);
    apply(route, message);
    *route.next = kafka::Offset{message.offset().value + 1};
    bytes_ += message.size_bytes();
  }
  records_ += polled.messages.size();
  return output_.failure() ? Result<void>{*output_.failure()} : Result<void>{};
}

void Batch::set_route(Route& route, const kafka::Message& message) {
  const std::string_view topic = message.topic();
  const std::int32_t number = message.partition().value;
  if (route.topic == topic.data() && route.partition->number == number) {
    return;
  }
  if (route.topic != topic.data()) {
    route.topic = topic.data();
    route.input = inputs_.input(topic);
  }
  route.partition = partitions_.at(number).get();
  route.touched = &touch(*route.partition);
  route.next = &next_offsets_[{std::string{topic}, message.partition()}];
}

Touched& Batch::touch(PartitionState& partition) {
  const auto [entry, is_new] = touched_.try_emplace(partition.number);
  if (is_new) {
    partition.dedupe.begin(time_);
  }
  return entry->second;
}

void Batch::apply(const Route& route, const kafka::Message& message) {
  output_.about(message, route.input, *route.touched);
  const RawMessage record{.key = message.key(),
                          .value = message.value(),
                          .schema = message.header(schema_header::kName),
                          .appended = message.timestamp()};
  switch (route.input) {
    case Input::raw:
      return route.partition->dedupe.apply(record, *tools_, output_);
    case Input::decisions:
      return route.partition->dedupe.apply_decision(record, *tools_, output_);
    case Input::claims:
      return route.partition->claims->urls.apply({.key = record.key,
                                                  .value = record.value,
                                                  .schema = record.schema,
                                                  .offset = message.offset().value},
                                                 output_);
    case Input::verdicts:
      return route.partition->dedupe.apply_verdict(record, *tools_, output_);
  }
}

Result<void> Batch::finish() {
  const kafka::Headers seen_schema = schema_headers(schema_header::kSeen);
  const kafka::Headers totals_schema = schema_headers(schema_header::kTotals);
  const std::string seen_topic = config_.kafka.prefixed(topics::kSeen);
  const std::string totals_topic = config_.kafka.prefixed(topics::kTotals);
  for (auto& [number, touched] : touched_) {
    if (auto& claims = partitions_.at(number)->claims) {
      claims->urls.finish(output_);
    }
    const Dedupe& dedupe = partitions_.at(number)->dedupe;
    if (!dedupe.seen_entries().empty()) {
      const std::string key = std::to_string(number);
      output_.produce({.topic = seen_topic,
                       .partition = kafka::Partition{number},
                       .key = key,
                       .value = dedupe.seen_entries(),
                       .headers = &seen_schema,
                       .timestamp = std::nullopt});
    }
    touched.totals = dedupe.totals();
    if (const auto& claims = partitions_.at(number)->claims) {
      std::ranges::move(claims->urls.totals(), std::back_inserter(touched.totals));
    }
    for (const auto& [name, value] : touched.totals) {
      const std::string key = name + ":" + std::to_string(number);
      output_.produce({.topic = totals_topic,
                       .partition = kafka::Partition{number},
                       .key = key,
                       .value = value,
                       .headers = &totals_schema,
                       .timestamp = std::nullopt});
    }
  }
  return output_.failure() ? Result<void>{*output_.failure()} : Result<void>{};
}

std::vector<kafka::TopicPartitionOffset> Batch::offsets() const {
  std::vector<kafka::TopicPartitionOffset> list;
  list.reserve(next_offsets_.size());
  for (const auto& [at, next] : next_offsets_) {
    list.push_back({at, next});
  }
  return list;
}

// Everything here follows from what the topics say now; a crash before it loses nothing.
void Batch::store() {
  const std::int64_t now_ms = SystemClock{}.now().millis();  // not before any record was sent
  for (const auto& [number, touched] : touched_) {
    store(*partitions_.at(number), touched, now_ms);
  }
}

void Batch::store(PartitionState& partition, const Touched& touched, std::int64_t now_ms) {
  // What was sent, and the marker of the transaction, lie at the end of each changelog; what
  // aborted ones left there makes the true position greater, never less.
  ChangelogPositions& at = partition.positions;
  at.catalog += touched.records > 0 ? touched.records + 1 : 0;
  at.written_ms = std::max(at.written_ms, now_ms);
  at.seen += partition.dedupe.seen_entries().empty() ? 0 : 2;
  const auto sums = static_cast<std::int64_t>(touched.totals.size());
  at.totals += sums > 0 ? sums + 1 : 0;
  partition.keep_sums(touched.totals);
  const auto& pending = partition.dedupe.pending().packed();
  if (!pending.empty()) {
    // In the order of the keys an insertion begins where the one before it ended.
    std::vector<std::pair<std::string_view, std::string_view>> records{pending.begin(),
                                                                       pending.end()};
    std::ranges::sort(records, {}, [](const auto& record) { return record.first; });
    partition.write(records, RecordForm::packed);
  }
  if (partition.claims) {
    const auto next =
        next_offsets_.find({inputs_.topic(Input::claims), kafka::Partition{partition.number}});
    if (next != next_offsets_.end()) {
      partition.claims->next = next->second.value;
      partition.claims->write();
    }
  }
  partition.scan.commit();
}

void Batch::count() {
  for (const auto& [number, touched] : touched_) {
    Dedupe& dedupe = partitions_.at(number)->dedupe;
    for (const auto& [provider, counted] : dedupe.counted()) {
      counters_.add(counted);
    }
    dedupe.commit();
    if (auto& claims = partitions_.at(number)->claims) {
      for (const auto& [provider, counted] : claims->urls.counted()) {
        counters_.add(counted);
      }
      claims->urls.commit();
    }
  }
  counters_.scanned.add(static_cast<double>(scanned_.works));
  counters_.scan_written.add(static_cast<double>(scanned_.written));
  counters_.scan_seconds.add(std::chrono::duration<double>(scan_time_).count());
  mended_ = batch_mended_;
  double works = 0;
  double bytes = 0;
  double jobs = 0;
  for (const auto& [number, partition] : partitions_) {
    works += static_cast<double>(partition->dedupe.table().size());
    bytes += static_cast<double>(partition->dedupe.table().bytes());
    jobs += static_cast<double>(partition->scan.jobs());
  }
  counters_.works.set(works);
  counters_.table_bytes.set(bytes);
  counters_.scan_jobs.set(jobs);
  clear();
}

void Batch::rollback() {
  for (const auto& [number, touched] : touched_) {
    PartitionState& partition = *partitions_.at(number);
    partition.dedupe.rollback();
    partition.scan.rollback();
    if (partition.claims) {
      partition.claims->urls.rollback();
    }
  }
  clear();
}

bool Batch::is_full() const {
  return records_ >= kMaxRecords || bytes_ >= kMaxBytes ||
         output_.record_bytes() >= kMaxRecordBytes;
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
