#include "processors/catalogue/pace.hpp"

#include <algorithm>

namespace freshet {

std::chrono::microseconds scan_time(bool is_idle, std::chrono::microseconds batch_so_far,
                                    std::chrono::milliseconds commit_interval) {
  const std::chrono::microseconds interval{commit_interval};
  return is_idle ? interval / 2 : std::min(batch_so_far, interval) / 10;
}

void Pace::took(std::size_t records, bool are_first, Time now) {
  taken_since_save_ += records;
  if (are_first) {
    commit_at_ = now + interval_;
  }
}

Pace::Millis Pace::poll_wait(Time now, bool is_scanning) const {
  if (is_in_transaction()) {
    return std::max(Millis{0}, std::chrono::ceil<Millis>(commit_at_ - now));
  }
  return is_scanning ? std::min(interval_ / 2, kIdleWait) : kIdleWait;
}

std::chrono::microseconds Pace::scan_time(Time now, bool is_idle) const {
  const auto so_far = now - began_at_.value_or(now);
  return freshet::scan_time(is_idle, std::chrono::duration_cast<std::chrono::microseconds>(so_far),
                            interval_);
}

bool Pace::take_save(Time now) {
  const auto unsaved_for = now - saved_at_;
  if (unsaved_for < kSaveAtLeastEvery &&
      (unsaved_for < kSaveEvery || taken_since_save_ < kRecordsWorthASave)) {
    return false;
  }
  saved_at_ = now;
  taken_since_save_ = 0;
  return true;
}

}  // namespace freshet
