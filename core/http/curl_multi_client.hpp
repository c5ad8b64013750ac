#pragma once

#include <memory>

#include "core/http/curl_client.hpp"

namespace freshet::http {

/// As `CurlClient`, for several threads: their exchanges go out side by side, over one connection
/// per host where it speaks HTTP/2, else over as many as are in flight.
///
/// An answer that HTTP/2 cannot hold here (nghttp2 refuses a field of more than 64 KiB) is asked
/// for again by HTTP/1.1, and its host is spoken to that way from then on.
/// @thread_safety  All of it. One thread of its own makes the exchanges.
class CurlMultiClient final : public HttpClient {
 public:
  /// @param in_flight  exchanges at a time with one host; more wait.
  CurlMultiClient(CurlOptions options, int in_flight);
  ~CurlMultiClient() override;
  Result<Response> send(const Request& request) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::http
