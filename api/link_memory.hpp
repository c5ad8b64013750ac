#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/stores.hpp"

namespace freshet::api {

/// Short texts that are kept for a while: statuses of links, masks of queries.
/// @thread_safety  All of it.
class LinkMemory {
 public:
  LinkMemory() = default;
  LinkMemory(const LinkMemory&) = delete;
  LinkMemory& operator=(const LinkMemory&) = delete;
  virtual ~LinkMemory() = default;

  /// Of each key its text, in their order; nothing where there is none, or it cannot be had now.
  virtual Task<std::vector<std::optional<std::string>>> find(std::vector<std::string> keys) = 0;
  /// Keeps a text. It is not waited for, and may be lost.
  virtual void put(std::string key, std::string text, std::chrono::seconds life) = 0;
};

/// In this process, bounded: those that were not asked for the longest are forgotten first.
class LocalLinkMemory final : public LinkMemory {
 public:
  using Clock = std::chrono::steady_clock;
  explicit LocalLinkMemory(std::size_t most) : most_{most} {}

  Task<std::vector<std::optional<std::string>>> find(std::vector<std::string> keys) override;
  void put(std::string key, std::string text, std::chrono::seconds life) override;

  std::optional<std::string> find_at(const std::string& key, Clock::time_point now);
  void put_at(std::string key, std::string text, Clock::time_point end);

 private:
  struct Entry {
    std::string key;
    std::string text;
    Clock::time_point end;
  };
  using Entries = std::list<Entry>;

  const std::size_t most_;
  std::mutex mutex_;
  Entries entries_;  // the one asked for last first
  std::unordered_map<std::string, Entries::iterator> by_key_;
};

}  // namespace freshet::api
