#include "producers/run_streak.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace freshet {
namespace {

/// So many refusals in a row, of whatever kind, mean that the source is away: going on would only
/// put every record of it aside.
constexpr int kMaxRefusedInARow = 10;
/// A record that is gone is an ordinary thing, and they come in clusters. But where none was found
/// yet, or so many in a row are not, it is the address that is gone. A cluster that is long, but
/// not that long, is believed once the source answers for a record behind it.
constexpr int kMaxGoneAtFirst = 10;
constexpr int kMaxGoneAtTheEnd = 100;
constexpr int kMaxGoneInARow = 1'000;

}  // namespace

Streak::Step Streak::next(std::span<const Answered> answers, bool has_records) {
  const bool went_on = goes_on();
  for (const Answered answer : answers) {
    switch (answer) {
      case Answered::usable:
        has_details_ = true;
        refused_ = 0;
        gone_ = 0;
        break;
      case Answered::refused:
        ++refused_;
        break;
      case Answered::gone:
        ++gone_;
        break;
    }
  }
  const bool was_missed = std::any_of(answers.begin(), answers.end(),
                                      [](Answered one) { return one != Answered::usable; });
  Step step;
  step.has_begun = goes_on() && !went_on;
  step.releases = !goes_on();
  step.is_held = goes_on() && was_missed && !has_records;
  if (refused_ >= kMaxRefusedInARow) {
    step.away = fmt::format("the source refuses: {} requests in a row were not answered", refused_);
    return step;
  }
  judge_gone(has_details_ ? kMaxGoneInARow : kMaxGoneAtFirst,
             fmt::format("{} records in a row are gone, as if all were", gone_), step);
  return step;
}

Streak::Step Streak::end() {
  Step step;
  judge_gone(kMaxGoneAtTheEnd, fmt::format("the last {} records are gone, as if all were", gone_),
             step);
  return step;
}

void Streak::judge_gone(int most, const std::string& why, Step& step) {
  is_passing_ = is_passing_ && gone_ > 0;
  if (is_passing_ || gone_ < most) {
    return;
  }
  if (!passes_gone_) {
    step.away = why + "; --skip-errors passes them, and the run is not complete";
    return;
  }
  is_passing_ = true;
  step.passed_over = why;
}

bool Streak::holds_checkpoints(std::int64_t requests, std::int64_t records) const noexcept {
  if (!goes_on() || is_passing_) {
    return false;
  }
  // A long cluster of records that are gone ends by an answer, or ends the run before it.
  return gone_ >= kMaxGoneAtTheEnd ||
         (requests < 10 * kRequestsPerCheckpoint && records < kRecordsPerCheckpoint);
}

}  // namespace freshet
