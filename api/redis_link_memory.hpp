#pragma once

#include <memory>

#include "api/link_memory.hpp"
#include "core/redis_url.hpp"

namespace freshet::api {

class RedisQueue;

/// In Redis, for several servers together, and in this process as well: while Redis is away or
/// slow, what this server found out itself is what it knows. A look-up waits at most 100 ms.
class RedisLinkMemory final : public LinkMemory {
 public:
  static constexpr std::chrono::milliseconds kPatience{100};

  RedisLinkMemory(RedisUrl url, std::size_t most_here);
  ~RedisLinkMemory() override;

  Task<std::vector<std::optional<std::string>>> find(std::vector<std::string> keys) override;
  void put(std::string key, std::string text, std::chrono::seconds life) override;

 private:
  LocalLinkMemory local_;
  std::unique_ptr<RedisQueue> queue_;
};

}  // namespace freshet::api
