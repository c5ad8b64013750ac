#include "processors/catalogue/assignment.hpp"

#include <algorithm>

namespace freshet {

using Outcome = kafka::Producer::Outcome;

Assignment::Next Assignment::next() const {
  if (must_reconnect_) {
    return is_fenced_ ? Next::end : Next::reconnect;
  }
  if (!fault_.empty()) {
    return Next::fail;
  }
  return to_restore_ ? Next::restore : Next::read;
}

void Assignment::given(Result<std::vector<std::int32_t>> numbers) {
  is_restoring_ = false;
  if (!numbers) {
    fault_ = numbers.error().message();
    return;
  }
  to_restore_ = std::move(*numbers);
}

void Assignment::taken_away() {
  to_restore_.reset();
  is_restoring_ = false;
  is_assigned_ = false;
  at_end_.clear();
  held_back_.clear();
  idle_since_.reset();
}

std::vector<std::int32_t> Assignment::begin_restore() {
  is_restoring_ = true;
  return *std::exchange(to_restore_, std::nullopt);
}

std::vector<kafka::TopicPartitionOffset> Assignment::restored(StartOffsets offsets) {
  is_restoring_ = false;
  is_assigned_ = true;
  std::vector<kafka::TopicPartitionOffset> now = std::move(offsets.all);
  if (!offsets.first.empty()) {
    held_back_ = std::exchange(now, std::move(offsets.first));
  }
  for (const kafka::TopicPartitionOffset& from : now) {
    at_end_[from.at] = false;
  }
  return now;
}

bool Assignment::is_at_end() const {
  return std::ranges::all_of(at_end_, [](const auto& partition) { return partition.second; });
}

std::vector<kafka::TopicPartitionOffset> Assignment::release(const Positions& positions) {
  std::vector<kafka::TopicPartitionOffset> now = std::exchange(held_back_, {});
  for (kafka::TopicPartitionOffset& from : now) {
    for (const auto& [at, position] : positions) {
      if (at == from.at && position) {
        from.offset = *position;
      }
    }
    at_end_[from.at] = false;
  }
  return now;
}

std::optional<Assignment::Time> Assignment::note_idle(bool is_idle, Time now) {
  if (!is_idle) {
    idle_since_.reset();
  } else if (!idle_since_) {
    idle_since_ = now;
  }
  return idle_since_;
}

void Assignment::begin_refused(Outcome outcome) {
  is_fenced_ = is_fenced_ || outcome == Outcome::fenced;
  must_reconnect_ = true;
}

void Assignment::aborted(Outcome outcome) {
  is_fenced_ = is_fenced_ || outcome == Outcome::fenced;
  must_reconnect_ = must_reconnect_ || outcome != Outcome::done;
}

Assignment::AfterCommit Assignment::after_commit(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return AfterCommit::store;
    case Outcome::abort:
      return AfterCommit::abandon;
    case Outcome::fenced:
      return AfterCommit::fail_fenced;
    case Outcome::unknown:
      break;
  }
  return AfterCommit::fail_unknown_outcome;
}

bool Assignment::fencing_explained(std::optional<Outcome> outcome, Time now) {
  is_fenced_ = is_fenced_ || outcome == Outcome::fenced;
  must_reconnect_ = true;
  return is_fenced_ || rejoins_.take(now);
}

}  // namespace freshet
