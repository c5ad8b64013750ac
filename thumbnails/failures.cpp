#include "thumbnails/failures.hpp"

namespace freshet::thumbnails {

bool Failures::is_given_up(std::uint64_t file, Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  const auto found = by_file_.find(file);
  return found != by_file_.end() && found->second->count > kTolerance &&
         now - found->second->since < kWindow;
}

void Failures::add(std::uint64_t file, Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  if (const auto found = by_file_.find(file); found != by_file_.end()) {
    Entry& entry = *found->second;
    if (now - entry.since >= kWindow) {
      entry = {file, 0, now};
    }
    ++entry.count;
    entries_.splice(entries_.begin(), entries_, found->second);
    return;
  }
  entries_.push_front({file, 1, now});
  by_file_.emplace(file, entries_.begin());
  if (entries_.size() > most_) {
    by_file_.erase(entries_.back().file);
    entries_.pop_back();
  }
}

void Failures::forget(std::uint64_t file) {
  const std::lock_guard lock{mutex_};
  if (const auto found = by_file_.find(file); found != by_file_.end()) {
    entries_.erase(found->second);
    by_file_.erase(found);
  }
}

}  // namespace freshet::thumbnails
