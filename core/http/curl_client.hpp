#pragma once

#include <memory>
#include <string>

#include "core/http/http_client.hpp"

namespace freshet::http {

struct CurlOptions {
  std::string user_agent;
  /// Every request goes to `<mirror>/<original host>/<path>?<query>`; redirects stay in the mirror,
  /// and a final URL is given back with its original scheme and host. Empty: off.
  std::string mirror;
  std::string ca_file;
  std::string username;  ///< basic authentication
  std::string password;
  std::chrono::milliseconds connect_timeout{10'000};
};

/// libcurl: TLS, redirects (at most 10), gzip and deflate, connection reuse, header lines of any
/// length up to the body limit.
/// @thread_safety  One thread at a time.
class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(CurlOptions options);
  ~CurlClient() override;
  Result<Response> send(const Request& request) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::http
