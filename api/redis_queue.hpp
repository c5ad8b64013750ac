#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/redis_connection.hpp"
#include "core/redis_url.hpp"

namespace freshet::api {

/// Commands to Redis from all threads: a thread of its own sends what has come meanwhile together,
/// before it reads the first answer.
///
/// A connection that breaks or is refused something is made anew, once a second; that Redis is
/// lost, and that it is back, is logged.
class RedisQueue {
 public:
  /// Gets the answer, from the queue's thread; null: Redis could not.
  using Deliver = std::function<void(const redisReply*)>;

  struct Words {
    std::string name;  ///< events are `<name>_lost` and `<name>_back`
    std::string then;  ///< what happens while it is lost
  };

  RedisQueue(RedisUrl url, Words words);
  ~RedisQueue();

  /// @param deliver  may be empty, where only the effect is wanted
  /// @return whether it was taken: Redis is there, and the queue has room
  bool enqueue(std::vector<std::string> command, Deliver deliver);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether Redis does not have the script of an EVALSHA: it was started anew, or flushed.
bool lacks_script(const redisReply& reply);

}  // namespace freshet::api
