#include "processors/catalogue/restore_plan.hpp"

#include <algorithm>

namespace freshet {

kafka::Offset start_of_input(kafka::Offset offset, const kafka::Watermarks& marks) {
  return offset > marks.high ? kafka::Consumer::kBeginning : offset;
}

// A special offset, the beginning, is below every other.
bool has_unread(kafka::Offset from, const kafka::Watermarks& stable) {
  return std::max(from, stable.low) < stable.high;
}

std::int64_t target_of(Changelog::Until until, std::int64_t end, kafka::Offset start) {
  return until == Changelog::Until::end ? end : std::clamp<std::int64_t>(start.value, 0, end);
}

bool is_ahead(const ChangelogBounds& bounds) { return bounds.position > bounds.end; }

bool is_of_earlier_topic(std::int64_t position, std::optional<kafka::Offset> first_younger) {
  return first_younger && first_younger->value + 1 < position;
}

TakenState judge_taken(const ChangelogBounds& bounds, bool was_begun_anew) {
  if (is_ahead(bounds) || (bounds.position > 0 && was_begun_anew)) {
    return TakenState::of_other_topic;
  }
  const bool has_to_read = bounds.position > 0 && bounds.position < bounds.target;
  return has_to_read ? TakenState::maybe_too_old : TakenState::kept;
}

bool is_too_old(const ChangelogBounds& bounds, std::optional<kafka::Offset> first_kept) {
  return bounds.position < first_kept.value_or(kafka::Offset{bounds.end}).value;
}

}  // namespace freshet
