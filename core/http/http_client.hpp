#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace freshet::http {

using Headers = std::vector<std::pair<std::string, std::string>>;
using Query =
    std::vector<std::pair<std::string, std::string>>;  ///< repeated names allowed, in order

/// `put` and `erase` (DELETE) are for stores; providers are only read.
enum class Method { get, head, post, put, erase };
enum class Redirects { follow, stop };

struct Request {
  Method method = Method::get;
  std::string url;  ///< absolute; may carry a query, to which `query` is added
  Query query;      ///< encoded by the client as form data (space is `+`)
  Headers headers;
  std::string body;
  Redirects redirects = Redirects::follow;
  std::chrono::milliseconds timeout{120'000};  ///< of all of it, redirects too
  std::size_t max_body_bytes = 64U << 20U;     ///< after decompression
};

struct Response {
  int status = 0;
  Headers headers;   ///< names in lower case
  std::string body;  ///< decompressed
  std::string
      final_url;  ///< after redirects, with the original scheme and host also behind a mirror

  const std::string* header(std::string_view lower_case_name) const noexcept;
};

/// One HTTP exchange at a time. Any status is a response; only a failed exchange is an error.
class HttpClient {
 public:
  HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  virtual ~HttpClient() = default;

  /// @error Errc::unreachable, timed_out: Retry::after_backoff, or never once a stop was asked for.
  ///        Errc::too_large, invalid_value (not an http or https URL, too many redirects): never.
  virtual Result<Response> send(const Request& request) = 0;
};

/// `a=1&b=x+y`: form encoding of a query.
std::string encode_query(const Query& query);
/// The URL of a request as it is sent: its own query, then `query`; without fragment.
std::string full_url(const Request& request);
/// Pairs of a query string, decoded (`+` is a space); blank values are kept.
Query decode_query(std::string_view text);

}  // namespace freshet::http
