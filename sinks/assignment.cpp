#include "sinks/assignment.hpp"

#include <utility>

namespace freshet {

void Assignment::forget() {
  next_.clear();
  at_end_.clear();
  to_commit_.clear();
  committed_.clear();
  full_since_.reset();
  idle_since_.reset();
}

void Assignment::assigned(std::span<const kafka::Partition> partitions, Time now) {
  owned_ = {partitions.begin(), partitions.end()};
  restarted(now);
}

void Assignment::revoked() {
  forget();
  owned_.clear();
  state_ = State::unassigned;
}

void Assignment::restarted(Time now) {
  forget();
  state_ = State::starting;
  next_try_ = now;
}

bool Assignment::rejoined(Time now) {
  if (!rejoins_.take(now)) {
    return false;
  }
  revoked();
  return true;
}

Assignment::Step Assignment::next_step(std::size_t room, bool has_trouble, Time now) {
  switch (state_) {
    case State::unassigned:
      return Step::keep_alive;
    case State::starting:
      return now >= next_try_ ? Step::start : Step::keep_alive;
    case State::parked:
      return room > 0 ? Step::resume : Step::keep_alive;
    case State::reading:
      break;
  }
  if (room > 0) {
    full_since_.reset();
    return Step::read;
  }
  if (!full_since_) {
    full_since_ = now;
  }
  if (now - *full_since_ < (has_trouble ? kParkAfterTrouble : kParkAfter)) {
    return Step::await_room;
  }
  full_since_.reset();
  state_ = State::parked;
  return Step::park;
}

void Assignment::started(Offsets next) {
  next_ = std::move(next);
  at_end_.clear();
  state_ = State::reading;
}

void Assignment::start_failed(Time now) {
  state_ = State::starting;
  next_try_ = now + kRetry;
}

std::optional<kafka::Offset> Assignment::take(kafka::Partition partition, kafka::Offset offset) {
  const auto position = next_.find(partition);
  if (position == next_.end() || offset < position->second) {
    return std::nullopt;
  }
  return std::exchange(position->second, kafka::Offset{offset.value + 1});
}

void Assignment::reached_end(kafka::Partition partition) {
  if (owned_.contains(partition)) {
    at_end_.insert(partition);
  }
}

void Assignment::done(const Offsets& next) {
  for (const auto& [partition, offset] : next) {
    to_commit_[partition] = offset;
  }
}

void Assignment::stands_at(kafka::Partition partition, kafka::Offset next) {
  const auto known = committed_.find(partition);
  if (at_end_.contains(partition) && (known == committed_.end() || known->second < next)) {
    to_commit_[partition] = next;
  }
}

void Assignment::committed() {
  for (const auto& [partition, offset] : to_commit_) {
    committed_[partition] = offset;
  }
  to_commit_.clear();
}

Assignment::Offsets Assignment::behind() const {
  Offsets from;
  for (const auto& [partition, next] : next_) {
    if (!at_end_.contains(partition)) {
      const auto done = committed_.find(partition);
      from[partition] = done == committed_.end() ? next : done->second;
    }
  }
  return from;
}

bool Assignment::is_idle(bool is_nothing_under_way, std::chrono::milliseconds quiet, Time now) {
  if (!is_nothing_under_way || state_ != State::reading || at_end_.size() != owned_.size()) {
    idle_since_.reset();
    return false;
  }
  if (!idle_since_) {
    idle_since_ = now;
  }
  if (now - *idle_since_ < quiet) {
    return false;
  }
  idle_since_ = now;
  return true;
}

}  // namespace freshet
