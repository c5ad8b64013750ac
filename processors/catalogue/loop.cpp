#include "processors/catalogue/loop.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/log.hpp"
#include "core/topics.hpp"
#include "processors/catalogue/restore.hpp"

namespace freshet {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::string_view kStep = "process.catalogue";
// Bounds of a batch besides its interval: what is in flight stays small, and so do commits.
constexpr std::uint64_t kBatchRecords = 20'000;
constexpr std::uint64_t kBatchBytes = 8U << 20U;
constexpr std::size_t kPollRecords = 2'000;
constexpr auto kIdleWait = 100ms;
constexpr auto kSaveEvery = 30s;
constexpr auto kCommitTimeout = 30s;
constexpr auto kAbortTimeout = 10s;
constexpr auto kInitTimeout = 60s;
constexpr std::size_t kFetchKbytes = 16'384;
constexpr std::size_t kProduceKbytes = 24'576;

kafka::Headers schema(std::string_view name) {
  return {{std::string{schema_header::kName}, std::string{name}}};
}

std::int64_t steady_millis() {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

struct CatalogueLoop::Counters {
  Counters(Metrics& metrics, const std::string& loop)
      : metrics_{metrics},
        labels{{"loop", loop}},
        received{
            metrics.counter("freshet_process_records_received_total", "Raw records taken", labels)},
        forwarded{metrics.counter("freshet_process_records_forwarded_total",
                                  "Works created or merged", labels)},
        unchanged{metrics.counter("freshet_process_records_unchanged_total",
                                  "Sightings that repeat what is known", labels)},
        control{metrics.counter("freshet_process_records_control_total",
                                "Removals and ends of runs", labels)},
        aborts{metrics.counter("freshet_process_batches_aborted_total",
                               "Transactions aborted and read again", labels)},
        commit_seconds{metrics.histogram("freshet_process_commit_duration_seconds",
                                         "Duration of a commit", labels)},
        works{metrics.gauge("freshet_process_works", "Works in the table", labels)},
        table_bytes{metrics.gauge("freshet_process_table_bytes", "Memory of the table", labels)} {}

  Counter& reason(const char* name, const char* label, const std::string& value) {
    Labels all = labels;
    all[label] = value;
    return metrics_.counter(name, "Records by reason", all);
  }

  Metrics& metrics_;
  Labels labels;
  Counter& received;
  Counter& forwarded;
  Counter& unchanged;
  Counter& control;
  Counter& aborts;
  Histogram& commit_seconds;
  Gauge& works;
  Gauge& table_bytes;
};

// Sends what dedupe makes of the message at hand, within the transaction.
class CatalogueLoop::Output final : public DedupeOutput {
 public:
  explicit Output(CatalogueLoop& loop)
      : loop_{loop}, topic_{loop.config_.kafka.prefixed(topics::kCatalog)} {}

  /// @param input  the topic of the message, without prefix.
  void about(const kafka::Message& message, std::string_view input, Touched& touched) {
    message_ = &message;
    input_ = input;
    touched_ = &touched;
  }

  bool record(std::string_view key, std::string_view json) override {
    const auto sent = loop_.producer_->produce({.topic = topic_,
                                                .partition = message_->partition(),
                                                .key = key,
                                                .value = json,
                                                .headers = &headers_,
                                                .timestamp = std::nullopt});
    if (!sent && sent.error().errc() == Errc::too_large) {
      return false;
    }
    touched_->records += note(sent) ? 1 : 0;
    return true;
  }

  void dead_letter(const Error& error) override {
    note(kafka::produce_dead_letter(*loop_.producer_, loop_.config_.kafka,
                                    {.step = kStep,
                                     .error = error,
                                     .origin = {.topic = std::string{input_},
                                                .partition = message_->partition(),
                                                .offset = message_->offset().value},
                                     .key = message_->key(),
                                     .value = message_->value(),
                                     .time = loop_.batch_time_,
                                     .partitions = loop_.states_.partitions()},
                                    message_->headers()));
  }

  // The first error of the batch: what was to be sent is not, so the batch cannot be committed.
  std::optional<Error> failure;

 private:
  bool note(const Result<void>& sent) {
    if (!sent && !failure) {
      failure = sent.error();
    }
    return sent.has_value();
  }

  CatalogueLoop& loop_;
  const std::string topic_;
  const kafka::Headers headers_ = schema(schema_header::kCatalog);
  const kafka::Message* message_ = nullptr;
  std::string_view input_;
  Touched* touched_ = nullptr;
};

CatalogueLoop::CatalogueLoop(const Config& config, int number, PartitionStates& states,
                             Metrics& metrics, LoopStatus& status)
    : config_{config},
      name_{config.kafka.prefixed(std::string{kStep} + "." + config.process.instance + "." +
                                  std::to_string(number))},
      states_{states},
      status_{status},
      counters_{std::make_unique<Counters>(metrics, std::to_string(number))} {}

CatalogueLoop::~CatalogueLoop() = default;

void CatalogueLoop::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    connect();
    while (!stop.stop_requested() && !must_reconnect_) {
      if (!assignment_fault_.empty()) {
        throw WorkFailed(assignment_fault_);
      }
      if (to_restore_) {
        restore_assigned(stop);
      } else {
        run_batch(stop);
      }
    }
    disconnect();
  }
}

// The producer first: registering its id aborts what an earlier life left open, so that nobody
// waits for that, and from here on that life's commits fail.
void CatalogueLoop::connect() {
  must_reconnect_ = false;
  kafka::ProducerOptions producing;
  producing.transactional_id = name_;
  producing.queue_max_kbytes = kProduceKbytes;
  producer_ = std::make_unique<kafka::Producer>(config_.kafka, producing);
  if (const auto registered = producer_->init_transactions(kInitTimeout); !registered) {
    throw WorkFailed(registered.error().message());
  }
  kafka::ConsumerOptions consuming;
  consuming.group = config_.kafka.prefixed(kStep);
  consuming.group_instance_id = name_;
  consuming.partition_end_events = true;
  consuming.queued_max_kbytes = kFetchKbytes;
  consumer_ = std::make_unique<kafka::Consumer>(config_.kafka, consuming);
  std::vector<std::string> inputs;
  for (const std::string_view topic : kLoopInputs) {
    inputs.push_back(config_.kafka.prefixed(topic));
  }
  consumer_->subscribe(inputs,
                       {.on_assigned = [this](const auto& partitions) { on_assigned(partitions); },
                        .on_revoked = [this](const auto&, bool) { on_revoked(); }});
}

void CatalogueLoop::disconnect() {
  on_revoked();
  consumer_->close();
  consumer_.reset();
  producer_.reset();
}

void CatalogueLoop::on_assigned(const std::vector<kafka::TopicPartition>& partitions) {
  std::map<std::int32_t, std::size_t> inputs;
  for (const auto& at : partitions) {
    ++inputs[at.partition.value];
  }
  std::vector<std::int32_t> numbers;
  for (const auto& [number, count] : inputs) {
    // `range` gives a member the same numbers of all topics, if all members read the same topics.
    if (count != kLoopInputs.size()) {
      assignment_fault_ = "a process of another version is in the group " +
                          config_.kafka.prefixed(kStep) + ": stop all, wait 10 s, and start again";
    }
    numbers.push_back(number);
  }
  to_restore_ = std::move(numbers);
  ++assignment_;
}

// Also when the partitions are lost: a batch that is not committed is nobody's yet.
void CatalogueLoop::on_revoked() {
  abandon();
  to_restore_.reset();
  ++assignment_;
  at_end_.clear();
  held_back_.clear();
  status_.assigned = false;
  status_.idle_since_ms = 0;
  for (auto& [number, partition] : std::exchange(partitions_, {})) {
    states_.give_back(std::move(partition));
  }
}

void CatalogueLoop::restore_assigned(const std::stop_token& stop) {
  const std::vector<std::int32_t> wanted = *std::exchange(to_restore_, std::nullopt);
  const std::uint64_t assignment = assignment_;
  std::vector<std::unique_ptr<PartitionState>> taken;
  const auto keep_alive = [&] {
    // Nothing is assigned yet, so this serves the group only.
    const auto polled = consumer_->poll(0ms, 1);
    if (!polled && poll_failed(polled.error())) {
      throw WorkFailed(polled.error().message());
    }
    return assignment_ == assignment && !must_reconnect_ && !stop.stop_requested();
  };
  // A revoke meanwhile empties `partitions_`, which is empty; the group then tells a new
  // assignment.
  for (const std::int32_t number : wanted) {
    std::unique_ptr<PartitionState> partition = states_.borrow(number);
    while (!partition && keep_alive()) {
      std::this_thread::sleep_for(10ms);  // another loop here is about to give it back
      partition = states_.borrow(number);
    }
    if (!partition) {
      break;
    }
    taken.push_back(std::move(partition));
  }
  std::optional<StartOffsets> offsets;
  if (taken.size() == wanted.size()) {
    offsets = taken.empty() ? StartOffsets{} : restore(config_, *consumer_, taken, keep_alive);
  }
  if (!offsets || assignment_ != assignment) {
    for (auto& partition : taken) {
      states_.give_back(std::move(partition));
    }
    return;
  }
  const bool has_unread = !offsets->first.empty();
  if (const auto assigned = consumer_->assign(has_unread ? offsets->first : offsets->all);
      !assigned) {
    throw WorkFailed(assigned.error().message());
  }
  for (const kafka::TopicPartitionOffset& from : has_unread ? offsets->first : offsets->all) {
    at_end_[from.at] = false;
  }
  if (has_unread) {
    held_back_ = std::move(offsets->all);
  }
  for (auto& partition : taken) {
    partitions_.emplace(partition->number, std::move(partition));
  }
  status_.assigned = true;
  log::info("partitions_taken", {{"loop", name_}, {"partitions", partitions_.size()}});
}

void CatalogueLoop::run_batch(const std::stop_token& stop) {
  const milliseconds interval{config_.process.commit_interval_ms};
  auto deadline = steady_clock::now() + interval;
  while (!to_restore_ && !must_reconnect_ && !stop.stop_requested()) {
    const auto now = steady_clock::now();
    if (in_transaction_ &&
        (now >= deadline || batch_records_ >= kBatchRecords || batch_bytes_ >= kBatchBytes)) {
      break;
    }
    const auto wait = in_transaction_ ? std::chrono::ceil<milliseconds>(deadline - now)
                                      : std::chrono::duration_cast<milliseconds>(kIdleWait);
    const auto polled = consumer_->poll(wait, kPollRecords);
    if (!polled) {
      if (poll_failed(polled.error())) {
        throw WorkFailed(polled.error().message());
      }
      log::warn("poll_failed", {{"loop", name_}, {"text", polled.error().message()}});
      continue;
    }
    const bool began = !in_transaction_;
    if (!polled->messages.empty() && !take(*polled)) {
      abandon();
      must_reconnect_ = true;
      return;
    }
    if (began) {
      deadline = steady_clock::now() + interval;
    }
    update_idle(*polled);
    if (!in_transaction_ || !held_back_.empty()) {
      break;  // unread decisions are committed as they come
    }
  }
  if (in_transaction_) {
    commit();
  }
  if (!held_back_.empty() && !must_reconnect_) {
    release_held_back();
  }
}

// Assigns what was held back when every partition of decisions was read to its end and committed.
void CatalogueLoop::release_held_back() {
  for (const auto& [at, at_end] : at_end_) {
    if (!at_end) {
      return;
    }
  }
  const auto positions = consumer_->positions();
  if (!positions) {
    return;  // asked again after the next poll
  }
  for (kafka::TopicPartitionOffset& from : held_back_) {
    for (const auto& [at, position] : *positions) {
      if (at == from.at && position) {
        from.offset = *position;
      }
    }
  }
  if (const auto assigned = consumer_->assign(held_back_); !assigned) {
    throw WorkFailed(assigned.error().message());
  }
  for (const kafka::TopicPartitionOffset& from : held_back_) {
    at_end_[from.at] = false;
  }
  held_back_.clear();
}

// Applies what a poll brought. False when the batch cannot be committed any more.
bool CatalogueLoop::take(const kafka::Polled& polled) {
  if (!in_transaction_) {
    begin();
  }
  if (must_reconnect_) {
    return false;
  }
  const Dedupe::Tools tools{
      [this](std::string_view work, Arena& arena) { return cleaner_.clean(work, arena); }, reader_,
      shipped_dedupe_rules(), std::chrono::days{config_.process.touch_after_days}};
  Output output{*this};
  const std::string decisions = config_.kafka.prefixed(topics::kDecisions);
  PartitionState* partition = nullptr;
  Touched* touched = nullptr;
  kafka::Offset* next = nullptr;
  std::string_view topic;  // by its place in memory: one per topic and handle
  bool is_decision = false;
  for (const kafka::Message& message : polled.messages) {
    const std::int32_t number = message.partition().value;
    if (partition == nullptr || partition->number != number ||
        topic.data() != message.topic().data()) {
      topic = message.topic();
      is_decision = topic == decisions;
      partition = partitions_.at(number).get();
      const auto [entry, is_new] = touched_.try_emplace(number);
      touched = &entry->second;
      if (is_new) {
        partition->dedupe.begin(batch_time_);
      }
      next = &next_offsets_[{std::string{topic}, message.partition()}];
    }
    output.about(message, is_decision ? topics::kDecisions : topics::kRaw, *touched);
    const RawMessage record{.key = message.key(),
                            .value = message.value(),
                            .schema = message.header(schema_header::kName),
                            .appended = message.timestamp()};
    if (is_decision) {
      partition->dedupe.apply_decision(record, tools, output);
    } else {
      partition->dedupe.apply(record, tools, output);
    }
    *next = kafka::Offset{message.offset().value + 1};
    batch_bytes_ += message.size_bytes();
  }
  batch_records_ += polled.messages.size();
  if (output.failure) {
    log::warn("batch_abandoned", {{"loop", name_}, {"text", output.failure->message()}});
  }
  return !output.failure;
}

void CatalogueLoop::begin() {
  const auto step = producer_->begin_transaction();
  if (step.outcome != kafka::Producer::Outcome::done) {
    log::warn("transaction_refused", {{"loop", name_}, {"text", step.message}});
    must_reconnect_ = true;
    return;
  }
  in_transaction_ = true;
  batch_time_ = SystemClock{}.now();
}

bool CatalogueLoop::produce_changelogs() {
  const kafka::Headers seen_schema = schema(schema_header::kSeen);
  const kafka::Headers totals_schema = schema(schema_header::kTotals);
  const std::string seen_topic = config_.kafka.prefixed(topics::kSeen);
  const std::string totals_topic = config_.kafka.prefixed(topics::kTotals);
  Result<void> sent;
  for (auto& [number, touched] : touched_) {
    const Dedupe& dedupe = partitions_.at(number)->dedupe;
    if (!dedupe.seen_entries().empty() && sent) {
      const std::string key = std::to_string(number);
      sent = producer_->produce({.topic = seen_topic,
                                 .partition = kafka::Partition{number},
                                 .key = key,
                                 .value = dedupe.seen_entries(),
                                 .headers = &seen_schema,
                                 .timestamp = std::nullopt});
    }
    for (const auto& [provider, sums] : dedupe.totals()) {
      const std::string key = encode_totals_key({"process", provider, number});
      const std::string value = encode_totals(sums);
      if (sent) {
        sent = producer_->produce({.topic = totals_topic,
                                   .partition = kafka::Partition{number},
                                   .key = key,
                                   .value = value,
                                   .headers = &totals_schema,
                                   .timestamp = std::nullopt});
      }
      ++touched.totals;
    }
  }
  if (!sent) {
    log::warn("batch_abandoned", {{"loop", name_}, {"text", sent.error().message()}});
  }
  return sent.has_value();
}

void CatalogueLoop::commit() {
  const auto start = steady_clock::now();
  std::vector<kafka::TopicPartitionOffset> offsets;
  for (const auto& [at, next] : next_offsets_) {
    offsets.push_back({at, next});
  }
  kafka::Producer::Step step{kafka::Producer::Outcome::abort, {}};
  if (produce_changelogs()) {
    step = producer_->send_offsets(offsets, *consumer_, kCommitTimeout);
    if (step.outcome == kafka::Producer::Outcome::done) {
      step = producer_->commit_transaction(kCommitTimeout);
    }
  }
  switch (step.outcome) {
    case kafka::Producer::Outcome::done:
      store_batch();
      count_batch(steady_clock::now() - start);
      break;
    case kafka::Producer::Outcome::abort:
      log::warn("batch_aborted", {{"loop", name_}, {"text", step.message}});
      abandon();
      must_reconnect_ = true;
      return;
    case kafka::Producer::Outcome::fenced:
      throw WorkFailed("another process works under the name " + name_ + ": " + step.message);
    case kafka::Producer::Outcome::unknown:
      throw WorkFailed("the outcome of a commit is unknown; a restart reads it from the topics: " +
                       step.message);
  }
  in_transaction_ = false;
  touched_.clear();
  next_offsets_.clear();
  batch_records_ = 0;
  batch_bytes_ = 0;
  if (start - last_save_ >= kSaveEvery) {
    last_save_ = start;
    save_next_table();
  }
}

// One partition at a time, in turn, so that no commit waits long.
void CatalogueLoop::save_next_table() {
  auto next = partitions_.upper_bound(last_saved_);
  if (next == partitions_.end()) {
    next = partitions_.begin();
  }
  if (next != partitions_.end()) {
    last_saved_ = next->first;
    next->second->store->save_table(next->second->dedupe.table(), next->second->positions);
  }
}

// Everything here follows from what the topics say now; a crash before it loses nothing.
void CatalogueLoop::store_batch() {
  const std::int64_t now_ms = SystemClock{}.now().millis();  // not before any record was sent
  for (const auto& [number, touched] : touched_) {
    PartitionState& partition = *partitions_.at(number);
    // What was sent, and the marker of the transaction, lie at the end of each changelog; what
    // aborted ones left there makes the true position greater, never less.
    ChangelogPositions& at = partition.positions;
    at.catalog += touched.records > 0 ? touched.records + 1 : 0;
    at.written_ms = std::max(at.written_ms, now_ms);
    at.seen += partition.dedupe.seen_entries().empty() ? 0 : 2;
    at.totals += touched.totals > 0 ? touched.totals + 1 : 0;
    const auto& pending = partition.dedupe.pending();
    if (!pending.empty()) {
      // In the order of the keys an insertion begins where the one before it ended.
      std::vector<std::pair<std::string_view, std::string_view>> records{pending.begin(),
                                                                         pending.end()};
      std::ranges::sort(records, {}, [](const auto& record) { return record.first; });
      partition.store->write(records, partition.dedupe.totals(), at);
    }
  }
}

void CatalogueLoop::count_batch(steady_clock::duration commit_time) {
  double works = 0;
  double bytes = 0;
  for (const auto& [number, touched] : touched_) {
    for (const auto& [provider, counted] : partitions_.at(number)->dedupe.counted()) {
      counters_->received.add(static_cast<double>(counted.received));
      counters_->forwarded.add(static_cast<double>(counted.created + counted.merged));
      counters_->unchanged.add(static_cast<double>(counted.unchanged));
      counters_->control.add(static_cast<double>(counted.control));
      for (const auto& [reason, amount] : counted.dropped) {
        counters_->reason("freshet_process_records_dropped_total", "reason", reason)
            .add(static_cast<double>(amount));
      }
      for (const auto& [errc, amount] : counted.dead_lettered) {
        counters_->reason("freshet_process_records_dead_lettered_total", "errc", errc)
            .add(static_cast<double>(amount));
      }
      for (const auto& [outcome, amount] : counted.decisions) {
        counters_->reason("freshet_process_decisions_total", "outcome", outcome)
            .add(static_cast<double>(amount));
      }
    }
    partitions_.at(number)->dedupe.commit();
  }
  for (const auto& [number, partition] : partitions_) {
    works += static_cast<double>(partition->dedupe.table().size());
    bytes += static_cast<double>(partition->dedupe.table().bytes());
  }
  counters_->works.set(works);
  counters_->table_bytes.set(bytes);
  counters_->commit_seconds.observe(std::chrono::duration<double>(commit_time).count());
}

// Forgets the batch: the table is as before it, and the transaction is aborted.
void CatalogueLoop::abandon() {
  for (const auto& [number, touched] : std::exchange(touched_, {})) {
    partitions_.at(number)->dedupe.rollback();
  }
  next_offsets_.clear();
  batch_records_ = 0;
  batch_bytes_ = 0;
  if (std::exchange(in_transaction_, false)) {
    counters_->aborts.add();
    const auto step = producer_->abort_transaction(kAbortTimeout);
    // A new producer's registration aborts what this one could not.
    must_reconnect_ = must_reconnect_ || step.outcome != kafka::Producer::Outcome::done;
  }
}

void CatalogueLoop::update_idle(const kafka::Polled& polled) {
  std::string_view topic;
  std::int32_t number = -1;
  for (const kafka::Message& message : polled.messages) {
    if (topic.data() != message.topic().data() || number != message.partition().value) {
      topic = message.topic();
      number = message.partition().value;
      at_end_[{std::string{topic}, kafka::Partition{number}}] = false;
    }
  }
  for (const kafka::TopicPartition& end : polled.ends) {
    at_end_[end] = true;
  }
  bool idle = status_.assigned && !in_transaction_ && held_back_.empty();
  for (const auto& [at, at_end] : at_end_) {
    idle = idle && at_end;
  }
  if (!idle) {
    status_.idle_since_ms = 0;
  } else if (status_.idle_since_ms == 0) {
    status_.idle_since_ms = steady_millis();
  }
}

bool CatalogueLoop::poll_failed(const Error& error) const { return error.retry() == Retry::never; }

}  // namespace freshet
