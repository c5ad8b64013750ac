#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "core/http/http_client.hpp"

namespace freshet::http {

/// Passes time. Tests record what was asked for and return at once.
using Sleep = std::function<bool(std::chrono::milliseconds)>;  ///< false: a stop was asked for

struct Patience {
  int retries = 3;  ///< further attempts after the first
  std::chrono::milliseconds min_interval{1'000};  ///< between the starts of two requests to one host
  std::chrono::milliseconds first_backoff{1'000};  ///< doubled each time, ± 20 % jitter
  std::chrono::milliseconds max_backoff{60'000};
  std::chrono::milliseconds max_retry_after{600'000};
};

/// Adds rate limit per host, retries with back-off and `Retry-After` to a client.
///
/// Retried: failed exchanges, 408, 425, 429 and 5xx (and other 4xx never). After the last attempt
/// the response or error stands as it is.
class PatientClient final : public HttpClient {
 public:
  PatientClient(HttpClient& inner, Patience patience, Sleep sleep);
  Result<Response> send(const Request& request) override;

 private:
  void await_turn(const std::string& host);

  HttpClient& inner_;
  Patience patience_;
  Sleep sleep_;
  std::map<std::string, std::chrono::steady_clock::time_point> next_start_;
};

}  // namespace freshet::http
