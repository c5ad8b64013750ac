#include "processors/catalogue/loop.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/roles.hpp"
#include "processors/catalogue/restore.hpp"

namespace freshet {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::string_view kStep = kCatalogueRole;
constexpr std::size_t kPollRecords = 2'000;
constexpr auto kCommitTimeout = 30s;
constexpr auto kAbortTimeout = 10s;
constexpr auto kInitTimeout = 10s;
constexpr std::size_t kFetchKbytes = 8'192;
// Claims are small, and take far more than their own bytes. So bounded, two loops in a load of
// 500,000 works take 187 MB less, in a re-crawl 70, and no more time.
constexpr std::size_t kFetchRecords = 20'000;
constexpr std::size_t kReplyKbytes = 2'048;
constexpr std::size_t kProduceKbytes = 12'288;
// Nobody sees a record before its commit, which sends at once what is left: with 5 ms claims go out
// a few at a time, and each batch costs the broker as much as a large one.
constexpr auto kLinger = 50ms;

std::int64_t steady_millis(steady_clock::time_point at) {
  return std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

CatalogueLoop::CatalogueLoop(const Config& config, const Inputs& inputs, int number,
                             double background_per_second, PartitionStates& states,
                             PolicyRules& policy, EstimatePool& estimates, Metrics& metrics,
                             LoopStatus& status)
    : config_{config},
      inputs_{inputs},
      name_{config.kafka.prefixed(std::string{kStep} + "." + config.process.instance + "." +
                                  std::to_string(number))},
      states_{states},
      policy_{policy},
      status_{status},
      counters_{metrics, std::to_string(number)},
      tools_{metrics, counters_.labels, estimates},
      batch_{config, inputs, policy, partitions_, tools_, counters_, clock_},
      pace_{milliseconds{config.process.commit_interval_ms}, steady_clock::now(),
            background_per_second} {}

void CatalogueLoop::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (!connect(stop)) {
      return;
    }
    while (!stop.stop_requested() && !assignment_.must_reconnect()) {
      do_next(stop);
    }
    if (assignment_.next() == Assignment::Next::end) {
      throw WorkFailed("another process works under the name " + name_);
    }
    disconnect();
  }
}

void CatalogueLoop::do_next(const std::stop_token& stop) {
  switch (assignment_.next()) {
    case Assignment::Next::read:
      return run_batch(stop);
    case Assignment::Next::restore:
      return restore_assigned(stop);
    case Assignment::Next::fail:
      throw WorkFailed(assignment_.fault() + ": a process of another version is in " +
                       config_.kafka.prefixed(kStep) + "; stop all, wait 10 s, and start again");
    case Assignment::Next::reconnect:
    case Assignment::Next::end:
      return;
  }
}

// The producer first: registering its id aborts what an earlier life left open, so that nobody
// waits for that, and from here on that life's commits fail.
//
// A coordinator that is away is waited for: the process has begun, and its state is good. False: it
// is to stop.
bool CatalogueLoop::connect(const std::stop_token& stop) {
  assignment_.connected();
  kafka::ProducerOptions producing;
  producing.transactional_id = name_;
  producing.queue_max_kbytes = kProduceKbytes;
  producing.linger = kLinger;
  producer_ = std::make_unique<kafka::Producer>(config_.kafka, producing);
  while (true) {
    const auto registered = producer_->init_transactions(kInitTimeout);
    if (registered) {
      break;
    }
    if (registered.error().retry() == Retry::never) {
      throw WorkFailed(registered.error().message());
    }
    if (stop.stop_requested()) {
      return false;
    }
    log::warn("registration_awaited", {{"loop", name_}, {"text", registered.error().message()}});
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
  return true;
}

void CatalogueLoop::disconnect() {
  on_revoked();
  consumer_->close();
  consumer_.reset();
  producer_.reset();
}

void CatalogueLoop::on_assigned(const std::vector<kafka::TopicPartition>& partitions) {
  assignment_.given(inputs_.numbers(partitions));
}

// Also when the partitions are lost: a batch that is not committed is nobody's yet.
void CatalogueLoop::on_revoked() {
  abandon();
  assignment_.taken_away();
  status_.assigned = false;
  status_.idle_since_ms = 0;
  for (auto& [number, partition] : std::exchange(partitions_, {})) {
    states_.give_back(std::move(partition));
  }
}

void CatalogueLoop::restore_assigned(const std::stop_token& stop) {
  const std::vector<std::int32_t> wanted = assignment_.begin_restore();
  std::vector<std::unique_ptr<PartitionState>> taken;
  const KeepAlive keep_alive = [&] {
    // Nothing is assigned yet, so this serves the group only.
    const auto polled = consumer_->poll(0ms, 1);
    if (!polled) {
      poll_failed(polled.error());
    }
    return assignment_.may_go_on_restoring() && !stop.stop_requested();
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
    const RestoreEnvironment environment{config_, inputs_, *consumer_, clock_,
                                         counters_.sums_of_nobody};
    offsets = taken.empty() ? StartOffsets{} : restore(environment, taken, keep_alive);
  }
  // An earlier owner may have scanned by a policy that this process has not read yet.
  if (!offsets || !policy_.reader().catch_up(keep_alive) || !assignment_.may_go_on_restoring()) {
    for (auto& partition : taken) {
      states_.give_back(std::move(partition));
    }
    return;
  }
  assign(assignment_.restored(std::move(*offsets)));
  for (auto& partition : taken) {
    const std::int32_t number = partition->number;
    partitions_.emplace(number, std::move(partition));
  }
  status_.assigned = true;
  log::info("partitions_taken", {{"loop", name_}, {"partitions", partitions_.size()}});
}

void CatalogueLoop::assign(const std::vector<kafka::TopicPartitionOffset>& from) {
  if (const auto assigned = consumer_->assign(from); !assigned) {
    throw WorkFailed(assigned.error().message());
  }
}

void CatalogueLoop::run_batch(const std::stop_token& stop) {
  while (assignment_.next() == Assignment::Next::read && !stop.stop_requested()) {
    const auto now = steady_clock::now();
    if (pace_.is_commit_due(now, batch_.is_full())) {
      break;
    }
    const bool was_idle = !pace_.is_in_transaction();
    const bool is_scanning = was_idle && !assignment_.holds_back() &&
                             pace_.background_room(now) > 0 && batch_.has_background_work();
    const auto polled = consumer_->poll(pace_.poll_wait(now, is_scanning), kPollRecords);
    if (!polled) {
      poll_failed(polled.error());
      log::warn("poll_failed", {{"loop", name_}, {"text", polled.error().message()}});
      continue;
    }
    if (!polled->messages.empty() && !take(*polled)) {
      abandon();
      assignment_.reconnect();
      return;
    }
    update_idle(*polled);
    if (is_scanning && !pace_.is_in_transaction() && assignment_.next() == Assignment::Next::read) {
      scan();
      return;
    }
    if (!pace_.is_in_transaction() || assignment_.holds_back()) {
      break;  // unread decisions are committed as they come
    }
  }
  if (pace_.is_in_transaction()) {
    commit();
  }
  if (assignment_.may_release()) {
    release_held_back();
  }
}

// Assigns what was held back, now that every partition of decisions was read and committed.
void CatalogueLoop::release_held_back() {
  const auto positions = consumer_->positions();
  if (positions) {  // else it is asked again after the next poll
    assign(assignment_.release(*positions));
  }
}

// Applies what a poll brought. False when the batch cannot be committed any more.
bool CatalogueLoop::take(const kafka::Polled& polled) {
  const bool are_first = !pace_.is_in_transaction();
  if (are_first && !begin()) {
    return false;
  }
  const auto taken = batch_.take(polled);
  pace_.took(polled.messages.size(), are_first, steady_clock::now());
  rate_.done(polled.messages.size());
  if (!taken) {
    log::warn("batch_abandoned", {{"loop", name_}, {"text", taken.error().message()}});
  }
  return taken.has_value();
}

bool CatalogueLoop::begin() {
  if (!begin_transaction()) {
    return false;
  }
  batch_.begin(*producer_, clock_.now());
  return true;
}

// False when none can be begun: a new producer is needed.
bool CatalogueLoop::begin_transaction() {
  const auto step = producer_->begin_transaction();
  if (step.outcome != kafka::Producer::Outcome::done) {
    log::warn("transaction_refused", {{"loop", name_}, {"text", step.message}});
    assignment_.begin_refused(step.outcome);
    return false;
  }
  pace_.begun(steady_clock::now());
  return true;
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
  if (begin()) {
    batch_.commit_only(known);
    commit();
  }
}

void CatalogueLoop::commit() {
  const auto start = steady_clock::now();
  if (!assignment_.holds_back()) {
    pace_.background_wrote(
        batch_.scan(pace_.scan_time(start, batch_.is_idle()), pace_.background_room(start)), start);
  }
  const auto began_at = steady_clock::now();
  kafka::Producer::Step step{kafka::Producer::Outcome::abort, {}};
  if (const auto sent = batch_.finish(); !sent) {
    step.message = sent.error().message();
  } else {
    rate_.look(start, !assignment_.is_at_rest());
    consumer_->set_commit_note(rate_.note(name_));
    step = producer_->send_offsets(batch_.offsets(), *consumer_, kCommitTimeout);
    if (step.outcome == kafka::Producer::Outcome::done) {
      step = producer_->commit_transaction(kCommitTimeout);
    }
  }
  switch (Assignment::after_commit(step.outcome)) {
    case Assignment::AfterCommit::store:
      break;
    case Assignment::AfterCommit::abandon:
      log::warn("batch_aborted", {{"loop", name_}, {"text", step.message}});
      abandon();
      return assignment_.reconnect();
    case Assignment::AfterCommit::fail_fenced:
      throw WorkFailed("another process works under the name " + name_ + ": " + step.message);
    case Assignment::AfterCommit::fail_unknown_outcome:
      throw WorkFailed("the outcome of a commit is unknown; a restart reads it from the topics: " +
                       step.message);
  }
  batch_.store();
  batch_.count();
  pace_.ended();
  counters_.commit_seconds.observe(
      std::chrono::duration<double>(steady_clock::now() - began_at).count());
  if (pace_.take_save(began_at)) {
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

// Forgets the batch: the state is as before it, and the transaction is aborted.
void CatalogueLoop::abandon() {
  batch_.rollback();
  if (pace_.is_in_transaction()) {
    pace_.ended();
    counters_.aborts.add();
    assignment_.aborted(producer_->abort_transaction(kAbortTimeout).outcome);
  }
}

void CatalogueLoop::update_idle(const kafka::Polled& polled) {
  std::string_view topic;
  std::int32_t number = -1;
  for (const kafka::Message& message : polled.messages) {
    if (topic.data() != message.topic().data() || number != message.partition().value) {
      topic = message.topic();
      number = message.partition().value;
      assignment_.read_some({std::string{topic}, kafka::Partition{number}});
    }
  }
  for (const kafka::TopicPartition& end : polled.ends) {
    assignment_.read_to_end(end);
  }
  const bool is_idle =
      assignment_.is_at_rest() && !pace_.is_in_transaction() && !batch_.has_background_work();
  const auto since = assignment_.note_idle(is_idle, steady_clock::now());
  status_.idle_since_ms = since ? steady_millis(*since) : 0;
}

// Returns when the consumer goes on by itself, or a new one is to be made.
void CatalogueLoop::poll_failed(const Error& error) {
  if (error.errc() == Errc::fenced) {
    consumer_fenced(error);
  } else if (error.retry() == Retry::never) {
    throw WorkFailed(error.message());
  }
}

void CatalogueLoop::consumer_fenced(const Error& error) {
  log::warn("member_fenced", {{"loop", name_}, {"text", error.message()}});
  assignment_.member_fenced();
  std::optional<kafka::Producer::Outcome> said;
  if (pace_.is_in_transaction() || begin_transaction()) {
    said =
        producer_
            ->send_offsets({{inputs_.all().front(), kafka::Offset{0}}}, *consumer_, kAbortTimeout)
            .outcome;
    abandon();  // so what was said of offsets is not kept
  }
  if (!assignment_.fencing_explained(said, steady_clock::now())) {
    throw WorkFailed("fenced again and again under the name " + name_ + ": " + error.message());
  }
}

}  // namespace freshet
