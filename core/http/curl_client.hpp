#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/http/http_client.hpp"
#include "core/http/public_address.hpp"

namespace freshet::http {

struct CurlOptions {
  std::string user_agent{};
  /// Every request goes to `<mirror>/<original host>/<path>?<query>`; redirects stay in the mirror,
  /// and a final URL is given back with its original scheme and host. Empty: off.
  std::string mirror{};
  std::string ca_file{};
  std::string username{};  ///< basic authentication
  std::string password{};
  std::chrono::milliseconds connect_timeout{10'000};
  std::stop_token stop{};  ///< an exchange under way is given up when it is stopped
  /// For URLs that strangers name: only what it allows is connected to, at every redirect anew. It
  /// is asked with the very address that the socket then gets, so a name that leads elsewhere at
  /// its next look-up gains nothing. No proxy is used, which would connect in our place. Null: all
  /// is allowed. Outlives the client.
  const AddressGuard* guard = nullptr;
};

/// libcurl: TLS, redirects (at most 10), gzip and deflate, connection reuse.
///
/// Redirects are followed here rather than in libcurl, for two reasons: they can stay in a mirror,
/// and only `accept` and `user-agent` go along to another origin. Another origin is another host,
/// another port, or http instead of https (behind a mirror: of the original URLs). A header line
/// may have up to 100 KiB, libcurl's fixed limit (CURL_MAX_HTTP_HEADER), and all header lines
/// together 300 KiB; a longer one fails the exchange. HTTP/1.1 only: nghttp2 refuses a field of
/// more than 64 KiB, which real providers send.
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
