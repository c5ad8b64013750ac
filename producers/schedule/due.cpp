#include "producers/schedule/due.hpp"

#include <algorithm>

namespace freshet {
namespace {

constexpr int kAttemptsThatHold = 3;

UtcTime ready_at(const Setback& setback) { return setback.last_at + wait_after(setback.attempts); }

/// Finds the first thing that is due, or the earliest time at which one will be.
class Search {
 public:
  Search(const Schedule& schedule, const RunState* last, std::optional<Day> since, UtcTime now)
      : schedule_{schedule}, last_{last}, since_{since}, now_{now} {}

  Next next() {
    const bool is_held = interrupted();
    if (!is_held && !next_.due) {
      schedule_.by_day ? days() : whole();
      if (!next_.due) {
        again();
      }
    }
    if (next_.due) {
      next_.at.reset();
    }
    return next_;
  }

 private:
  const RunHistory& history() const {
    static const RunHistory kNone;
    return last_ == nullptr ? kNone : last_->history;
  }

  void later(UtcTime at) { next_.at = next_.at ? std::min(*next_.at, at) : at; }

  /// True: it waits for its next attempt, and everything else for it.
  bool offer(const Due& due) {
    const Setback* setback = history().setback(due.day);
    if (setback == nullptr || ready_at(*setback) <= now_) {
      next_.due = due;
      return false;
    }
    later(ready_at(*setback));
    return setback->attempts <= kAttemptsThatHold;
  }

  bool interrupted() {
    if (last_ == nullptr || last_->outcome == RunOutcome::finished || !last_->cursor ||
        last_->kind == RunKind::other || last_->cursor->is_start()) {
      return false;
    }
    const std::optional<Day> day = last_->date ? parse_day(*last_->date) : std::nullopt;
    if (day.has_value() != schedule_.by_day) {
      return false;  // of another time, or by hand
    }
    if (last_->outcome != RunOutcome::failed) {
      const bool is_planned = history().again && planned_day(*history().again) == day;
      next_.due = Due{day, is_planned ? history().again : std::nullopt};
      return false;
    }
    const Setback* setback = history().setback(day);
    if (setback == nullptr || setback->attempts > kAttemptsThatHold) {
      return false;  // a day that was read again; or others have waited long enough
    }
    return offer({day, std::nullopt});
  }

  void days() {
    const Day newest = day_at(now_) - 1;
    Day oldest = since_ ? *since_ : history().days.first().value_or(newest);
    oldest = schedule_.start ? std::max(oldest, *schedule_.start) : oldest;
    for (Day day = newest; day >= oldest && !next_.due; --day) {
      if (!history().days.contains(day)) {
        offer({day, std::nullopt});
      }
    }
    later(next_slot(schedule_, now_));
  }

  void whole() {
    if (!history().whole_at || *history().whole_at < last_slot(schedule_, now_)) {
      offer({});
    } else {
      later(next_slot(schedule_, now_));
    }
  }

  std::optional<Day> planned_day(const AgainPlace& place) const {
    const auto index = static_cast<std::size_t>(place.next);
    return place.next >= 0 && index < schedule_.again.size()
               ? std::optional{place.week - 1 - schedule_.again[index]}
               : std::nullopt;
  }

  void again() {
    if (schedule_.again.empty() || history().days.empty()) {
      return;
    }
    const Day week = last_sunday(now_);
    AgainPlace place = history().again.value_or(AgainPlace{week, 0});
    if (!planned_day(place) && place.week < week) {
      place = {week, 0};
    }
    if (const auto day = planned_day(place)) {
      next_.due = Due{day, place};
    } else {
      later(start_of(week + 7));
    }
  }

  const Schedule& schedule_;
  const RunState* last_;
  std::optional<Day> since_;
  UtcTime now_;
  Next next_;
};

}  // namespace

std::chrono::milliseconds wait_after(int attempts) {
  constexpr std::chrono::milliseconds kFirst = std::chrono::minutes{5};
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours{24};
  std::chrono::milliseconds wait = kFirst;
  for (int i = 1; i < attempts && wait < kLongest; ++i) {
    wait *= 2;
  }
  return std::min(wait, kLongest);
}

Next next_run(const Schedule& schedule, const RunState* last, std::optional<Day> since,
              UtcTime now) {
  return Search{schedule, last, since, now}.next();
}

}  // namespace freshet
