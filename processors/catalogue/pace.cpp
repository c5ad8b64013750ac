#include "processors/catalogue/pace.hpp"

#include <algorithm>
#include <limits>

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

// Time that was not used is lost but for a burst; one record fits into it at any rate.
Pace::Time Pace::background_counts_from(Time now) const {
  const auto one = std::chrono::duration_cast<Time::duration>(
      std::chrono::duration<double>(1 / background_per_second_));
  return std::max(background_paid_, now - std::max<Time::duration>(kBurst, one));
}

std::int64_t Pace::background_room(Time now) const {
  if (background_per_second_ <= 0) {
    return std::numeric_limits<std::int64_t>::max();
  }
  const std::chrono::duration<double> unpaid = now - background_counts_from(now);
  return std::max<std::int64_t>(
      0, static_cast<std::int64_t>(unpaid.count() * background_per_second_ + 1e-6));
}

void Pace::background_wrote(std::int64_t records, Time now) {
  if (background_per_second_ > 0) {
    background_paid_ = background_counts_from(now) +
                       std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(
                           static_cast<double>(records) / background_per_second_));
  }
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
