#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/http_client.hpp"
#include "core/json.hpp"

namespace freshet {

/// Elasticsearch, one request at a time.
/// @error StartupError: it does not answer. WorkFailed: it refuses something.
class Cluster {
 public:
  /// @param client  must outlive it
  Cluster(http::HttpClient& client, const std::string& url);

  /// The reply to a GET; nothing for 404.
  std::optional<json::value> get(const std::string& path);
  json::value put(const std::string& path, const json::value& body);
  /// @param body  null: none, which is not the same as an empty one
  json::value post(const std::string& path, const json::value& body);
  /// Nothing happens where there is none.
  void erase(const std::string& path);

  /// The indexes behind an alias, or the index itself of that name.
  std::vector<std::string> behind(const std::string& alias);

 private:
  http::Response send(http::Method method, const std::string& path, std::string body);

  http::HttpClient& client_;
  std::string url_;
};

}  // namespace freshet
