#include "core/http/rate_limit.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/log.hpp"

namespace freshet::http {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// A share is kept in 1/65536, below the time of the cut in milliseconds.
constexpr int kShareBits = 17;
constexpr std::int64_t kWhole = 1LL << (kShareBits - 1);
constexpr std::int64_t kLeast = kWhole / 64;
/// Nobody pauses for longer. A turn that lies further ahead is not a turn: something else wrote it.
constexpr std::chrono::hours kFurthest{1};

std::int64_t micros(RateLimit::Time time) {
  return duration_cast<microseconds>(time.time_since_epoch()).count();
}

std::int64_t millis(RateLimit::Time time) {
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

/// Share at a time, in 1/65536. No cut: the whole.
std::int64_t share_at(std::int64_t cut, std::int64_t now_ms) {
  if (cut == 0) {
    return kWhole;
  }
  const std::int64_t share = cut & ((1LL << kShareBits) - 1);
  const std::int64_t since = now_ms - (cut >> kShareBits);
  if (since < 0) {
    return std::clamp(share, kLeast, kWhole);
  }
  const std::int64_t recovery = duration_cast<milliseconds>(RateLimit::kRecovery).count();
  return std::clamp(share + kWhole * std::min(since, recovery) / recovery, kLeast, kWhole);
}

}  // namespace

double RateLimit::share(Time now) const {
  return static_cast<double>(share_at(cells_->last_cut.load(), millis(now))) /
         static_cast<double>(kWhole);
}

RateLimit::Time RateLimit::take_turn(Time now) {
  const std::int64_t now_us = micros(now);
  const std::int64_t interval =
      interval_.count() * kWhole / share_at(cells_->last_cut.load(), millis(now));
  std::int64_t next = cells_->next_start.load();
  for (;;) {
    const bool is_due = next <= now_us || next - now_us > microseconds{kFurthest}.count();
    const std::int64_t start = is_due ? now_us : next;
    if (cells_->next_start.compare_exchange_weak(next, start + interval)) {
      return now + microseconds{start - now_us};
    }
  }
}

void RateLimit::pause_until(Time end) {
  const std::int64_t end_us = micros(end);
  std::int64_t next = cells_->next_start.load();
  while (next < end_us && !cells_->next_start.compare_exchange_weak(next, end_us)) {
  }
}

void RateLimit::slow_down(Time began, Time now) {
  std::int64_t cut = cells_->last_cut.load();
  for (;;) {
    if (cut != 0 && millis(began) <= (cut >> kShareBits)) {
      return;  // it was under way when the rate was cut
    }
    const std::int64_t share = std::max(kLeast, share_at(cut, millis(now)) / 2);
    if (cells_->last_cut.compare_exchange_weak(cut, (millis(now) << kShareBits) | share)) {
      return;
    }
  }
}

RateLimit& RateLimits::of(const std::string& host) {
  const std::lock_guard lock{mutex_};
  auto found = limits_.find(host);
  if (found == limits_.end()) {
    auto cells = make_cells_ ? make_cells_(host) : std::make_shared<RateCells>();
    found = limits_.emplace(host, RateLimit{std::move(cells), interval_}).first;
  }
  return found->second;
}

std::shared_ptr<RateCells> shared_rate_cells(const std::string& name) {
  std::string path = "/freshet-rate." + std::to_string(getuid()) + "." + name;
  std::replace(path.begin() + 1, path.end(), '/', '_');
  const auto alone = [&](const char* what) {
    log::warn("rate_limit_not_shared",
              {{"name", name}, {"reason", std::string{what} + ": " + std::strerror(errno)}});
    return std::make_shared<RateCells>();
  };
  const int file = shm_open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) {
    return alone("shm_open");
  }
  // A new file is zeros, which is what new cells are.
  const bool is_sized = ftruncate(file, sizeof(RateCells)) == 0;
  void* memory = is_sized
                     ? mmap(nullptr, sizeof(RateCells), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                     : MAP_FAILED;
  close(file);
  if (memory == MAP_FAILED) {
    return alone("mmap");
  }
  return {static_cast<RateCells*>(memory), [](RateCells* cells) { munmap(cells, sizeof(*cells)); }};
}

}  // namespace freshet::http
