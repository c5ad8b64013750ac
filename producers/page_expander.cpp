#include "producers/page_expander.hpp"

#include <utility>

#include "core/check.hpp"

namespace freshet {
namespace {

constexpr std::size_t kAhead = 4;  // records per thread: one that is slow holds up few others

}  // namespace

PageExpander::PageExpander(Provider& provider, FetchSession& session, int in_flight)
    : provider_{provider}, session_{session}, fetch_{session} {
  FRESHET_CHECK(in_flight >= 1);
  if (in_flight == 1) {
    return;
  }
  slots_.resize(kAhead * static_cast<std::size_t>(in_flight));
  for (int i = 0; i < in_flight; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

PageExpander::~PageExpander() = default;

void PageExpander::begin(std::span<const json::value* const> items, std::size_t first) {
  const std::lock_guard lock{mutex_};
  items_ = items;
  next_ = first;
  taken_ = first;
  work_.notify_all();
}

Expanded PageExpander::take() {
  if (slots_.empty()) {
    return expand(*items_[taken_++], fetch_);
  }
  std::unique_lock lock{mutex_};
  Slot& slot = slots_[taken_ % slots_.size()];
  done_.wait(lock, [&] { return slot.is_done; });
  Expanded result = std::exchange(slot, {}).result;
  ++taken_;
  work_.notify_one();
  return result;
}

void PageExpander::end() {
  std::unique_lock lock{mutex_};
  items_ = {};
  next_ = 0;
  done_.wait(lock, [this] { return working_ == 0; });
  for (Slot& slot : slots_) {
    slot = {};
  }
}

bool PageExpander::has_work() const {
  return next_ < items_.size() && next_ < taken_ + slots_.size();
}

void PageExpander::work(const std::stop_token& stop) {
  Fetch fetch{session_};
  std::unique_lock lock{mutex_};
  while (work_.wait(lock, stop, [this] { return has_work(); })) {
    const std::size_t index = next_++;
    const json::value& item = *items_[index];
    ++working_;
    lock.unlock();
    Expanded result = expand(item, fetch);
    lock.lock();
    --working_;
    slots_[index % slots_.size()] = {true, std::move(result)};
    done_.notify_all();
  }
}

Expanded PageExpander::expand(const json::value& item, Fetch& fetch) const {
  Expanded result;
  try {
    provider_.expand(item, fetch, result.emit);
  } catch (const std::exception& exception) {
    // All or nothing: half of a raw record would hide that the other half is missing.
    result.emit = Emit{};
    result.emit.reject(Error{Errc::malformed_payload, "", "shape", exception.what()});
  }
  result.spent = fetch.take_spent();
  return result;
}

}  // namespace freshet
