#include "api/link_memory.hpp"

#include <utility>

namespace freshet::api {

Task<std::vector<std::optional<std::string>>> LocalLinkMemory::find(std::vector<std::string> keys) {
  std::vector<std::optional<std::string>> found;
  const auto now = Clock::now();
  for (const std::string& key : keys) {
    found.push_back(find_at(key, now));
  }
  co_return found;
}

void LocalLinkMemory::put(std::string key, std::string text, std::chrono::seconds life) {
  put_at(std::move(key), std::move(text), Clock::now() + life);
}

std::optional<std::string> LocalLinkMemory::find_at(const std::string& key, Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    return std::nullopt;
  }
  if (found->second->end <= now) {
    entries_.erase(found->second);
    by_key_.erase(found);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->text;
}

void LocalLinkMemory::put_at(std::string key, std::string text, Clock::time_point end) {
  const std::lock_guard lock{mutex_};
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    found->second->text = std::move(text);
    found->second->end = end;
    entries_.splice(entries_.begin(), entries_, found->second);
    return;
  }
  entries_.push_front({std::move(key), std::move(text), end});
  by_key_.emplace(entries_.front().key, entries_.begin());
  if (entries_.size() > most_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace freshet::api
