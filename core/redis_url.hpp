#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// Where a Redis is: `redis://[[user]:password@]host[:port][/database]`.
struct RedisUrl {
  std::string host;
  std::string port = "6379";
  std::string user;
  std::string password;
  int database = 0;

  std::string authority() const { return host + ":" + port; }
};

/// @return nothing for anything else
std::optional<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace freshet
