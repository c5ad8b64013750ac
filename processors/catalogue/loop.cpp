#include "processors/catalogue/loop.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "core/log.hpp"
#include "processors/catalogue/restore.hpp"

namespace freshet {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::string_view kStep = "process.catalogue";
constexpr std::size_t kPollRecords = 2'000;
constexpr auto kIdleWait = 100ms;
// A save flushes what all partitions wrote, into files of its own: not for the few records that a
// quiet stream brings in half a minute, which a restart reads again as fast.
constexpr auto kSaveEvery = 30s;
constexpr auto kSaveAtLeastEvery = 10min;
constexpr std::size_t kRecordsWorthASave = 100'000;
constexpr auto kCommitTimeout = 30s;
constexpr auto kAbortTimeout = 10s;
constexpr auto kInitTimeout = 60s;
constexpr std::size_t kFetchKbytes = 8'192;
// Claims are small, and take far more than their own bytes. So bounded, two loops in a load of
// 500,000 works take 187 MB less, in a re-crawl 70, and no more time.
constexpr std::size_t kFetchRecords = 20'000;
constexpr std::size_t kReplyKbytes = 2'048;
constexpr std::size_t kProduceKbytes = 12'288;
// Nobody sees a record before its commit, which sends at once what is left: with 5 ms claims go out
// a few at a time, and each batch costs the broker as much as a large one.
constexpr auto kLinger = 50ms;

std::int64_t steady_millis() {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

CatalogueLoop::CatalogueLoop(const Config& config, const Inputs& inputs, int number,
                             PartitionStates& states, PolicyRules& policy, Metrics& metrics,
                             LoopStatus& status)
    : config_{config},
      inputs_{inputs},
      name_{config.kafka.prefixed(std::string{kStep} + "." + config.process.instance + "." +
                                  std::to_string(number))},
      states_{states},
      policy_{policy},
      status_{status},
      counters_{metrics, std::to_string(number)},
      batch_{config, inputs, policy, partitions_, counters_} {}

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
    if (is_fenced_) {
      // To register anew would take the name back from whoever has it now.
      throw WorkFailed("another process works under the name " + name_);
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
  producing.linger = kLinger;
  producer_ = std::make_unique<kafka::Producer>(config_.kafka, producing);
  if (const auto registered = producer_->init_transactions(kInitTimeout); !registered) {
    throw WorkFailed(registered.error().message());
  }
  kafka::ConsumerOptions consuming;
  consuming.group = config_.kafka.prefixed(kStep);
  consuming.group_instance_id = name_;
  consuming.partition_end_events = true;
  consuming.queued_max_kbytes = kFetchKbytes;
  consuming.queued_max_records = kFetchRecords;
  consuming.fetch_max_kbytes = kReplyKbytes;
  consumer_ = std::make_unique<kafka::Consumer>(config_.kafka, consuming);
  consumer_->subscribe(inputs_.topics(),
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
  auto numbers = inputs_.numbers(partitions);
  if (!numbers) {
    assignment_fault_ = numbers.error().message() + ": a process of another version is in " +
                        config_.kafka.prefixed(kStep) + "; stop all, wait 10 s, and start again";
    return;
  }
  to_restore_ = std::move(*numbers);
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
    offsets =
        taken.empty() ? StartOffsets{} : restore(config_, inputs_, *consumer_, taken, keep_alive);
  }
  // An earlier owner may have scanned by a policy that this process has not read yet.
  if (!offsets || !policy_.reader().catch_up(keep_alive) || assignment_ != assignment) {
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
    partition->scan.load();
    partition->scanned_for = nullptr;
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
    if (in_transaction_ && (now >= deadline || batch_.is_full())) {
      break;
    }
    const bool is_scanning = !in_transaction_ && held_back_.empty() && batch_.has_background_work();
    const auto wait = in_transaction_ ? std::chrono::ceil<milliseconds>(deadline - now)
                      : is_scanning   ? std::min<milliseconds>(interval / 2, kIdleWait)
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
    if (began && !in_transaction_ && is_scanning && !to_restore_) {
      scan();
      return;
    }
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
  taken_since_save_ += polled.messages.size();
  const auto taken = batch_.take(polled);
  if (!taken) {
    log::warn("batch_abandoned", {{"loop", name_}, {"text", taken.error().message()}});
  }
  return taken.has_value();
}

void CatalogueLoop::begin() {
  const auto step = producer_->begin_transaction();
  if (step.outcome != kafka::Producer::Outcome::done) {
    log::warn("transaction_refused", {{"loop", name_}, {"text", step.message}});
    is_fenced_ = step.outcome == kafka::Producer::Outcome::fenced;
    must_reconnect_ = true;
    return;
  }
  in_transaction_ = true;
  began_ = steady_clock::now();
  batch_.begin(*producer_, SystemClock{}.now());
}

// A batch of nothing but background work: half of the time, since a poll comes before each. The
// offsets that it commits are those that hold already; without any the broker would not ask whether
// the partitions are still ours, and take what a process wrote that had slept through its session.
void CatalogueLoop::scan() {
  const auto positions = consumer_->positions();
  std::vector<kafka::TopicPartitionOffset> known;
  for (const auto& [at, position] : positions ? *positions : decltype(positions)::value_type{}) {
    if (position) {
      known.push_back({at, *position});
    }
  }
  if (known.empty()) {
    return;  // soon: the ends of the partitions are on their way
  }
  begin();
  if (!must_reconnect_) {
    batch_.stay_at(known);
    commit();
  }
}

void CatalogueLoop::commit() {
  if (held_back_.empty()) {
    batch_.scan(scan_time(
        batch_.is_idle(),
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - began_),
        milliseconds{config_.process.commit_interval_ms}));
  }
  const auto start = steady_clock::now();
  kafka::Producer::Step step{kafka::Producer::Outcome::abort, {}};
  if (const auto sent = batch_.finish(); !sent) {
    step.message = sent.error().message();
  } else {
    step = producer_->send_offsets(batch_.offsets(), *consumer_, kCommitTimeout);
    if (step.outcome == kafka::Producer::Outcome::done) {
      step = producer_->commit_transaction(kCommitTimeout);
    }
  }
  switch (step.outcome) {
    case kafka::Producer::Outcome::done:
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
  batch_.store();
  batch_.count();
  in_transaction_ = false;
  counters_.commit_seconds.observe(
      std::chrono::duration<double>(steady_clock::now() - start).count());
  const auto unsaved_for = start - last_save_;
  if (unsaved_for >= kSaveAtLeastEvery ||
      (unsaved_for >= kSaveEvery && taken_since_save_ >= kRecordsWorthASave)) {
    last_save_ = start;
    taken_since_save_ = 0;
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
    next->second->save();
  }
}

// Forgets the batch: the table is as before it, and the transaction is aborted.
void CatalogueLoop::abandon() {
  batch_.rollback();
  if (std::exchange(in_transaction_, false)) {
    counters_.aborts.add();
    const auto step = producer_->abort_transaction(kAbortTimeout);
    // A record that the broker refused may be the first to tell, and looks like any that failed.
    is_fenced_ = is_fenced_ || step.outcome == kafka::Producer::Outcome::fenced;
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
  bool idle =
      status_.assigned && !in_transaction_ && held_back_.empty() && !batch_.has_background_work();
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
