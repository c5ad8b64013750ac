#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/redis_url.hpp"

namespace freshet::api {

struct FreeRedisContext {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
};
struct FreeRedisReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, FreeRedisReply>;

/// A connection to Redis that blocks, for a thread of its own: every wait ends after 100 ms. One
/// that broke is closed, and made anew by `open`.
class RedisConnection {
 public:
  explicit RedisConnection(RedisUrl url) : url_{std::move(url)} {}

  /// Connects, gives the password and chooses the database.
  /// @return why not, or nothing
  std::optional<std::string> open();
  bool is_open() const { return context_ != nullptr; }
  /// Closes it, and gives back why.
  std::string close(const std::string& why);

  /// Puts a command into what is sent with the next `receive`.
  void send(const std::vector<std::string>& words);
  /// The answer to the first command that has none yet; null where the connection broke.
  RedisReply receive();

 private:
  std::optional<std::string> said(const std::vector<std::string>& words);

  RedisUrl url_;
  std::unique_ptr<redisContext, FreeRedisContext> context_;
};

}  // namespace freshet::api
