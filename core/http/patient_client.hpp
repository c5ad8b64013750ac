#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/config.hpp"
#include "core/http/http_client.hpp"
#include "core/time.hpp"

namespace freshet::http {

/// Passes time. Tests record what was asked for and return at once.
using Sleep = std::function<bool(std::chrono::milliseconds)>;  ///< false: a stop was asked for

/// Sleeps until the time has passed or a stop is asked for.
Sleep sleep_until_stopped(std::stop_token stop);

/// As above, but with a mirror nothing is waited for unless `http.mirror_waits` is set: a recorded
/// or made-up server has no limits to respect.
Sleep sleep_for(const Config::Http& config, std::stop_token stop);

/// Where a patient client reads time from.
struct PatientClock {
  std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;
  std::function<UtcTime()> utc = [] { return SystemClock{}.now(); };  ///< for `Retry-After` dates
};

struct Patience {
  int retries = 3;  ///< further attempts after the first
  std::chrono::milliseconds min_interval{
      1'000};  ///< between the starts of two requests to one host
  std::chrono::milliseconds first_backoff{1'000};  ///< doubled each time, ± 20 % jitter
  std::chrono::milliseconds max_backoff{60'000};
  std::chrono::milliseconds max_retry_after{600'000};  ///< asked for more: the answer stands
  /// A further reason to try again: an answer that is no good although its status is. Null: none.
  std::function<bool(const Response&)> is_unusable;
};

/// Adds rate limit per host, retries with back-off and `Retry-After` to a client.
///
/// Retried: failed exchanges, 408, 425, 429 and 5xx (and other 4xx never). After the last attempt
/// the response or error stands as it is.
/// @thread_safety  One thread at a time. `inner` must outlive it.
class PatientClient final : public HttpClient {
 public:
  PatientClient(HttpClient& inner, Patience patience, Sleep sleep, PatientClock clock = {});

  /// @error as `inner`; Errc::unreachable with Retry::never when a stop was asked for while
  /// waiting.
  Result<Response> send(const Request& request) override;

  /// Requests sent since the start, attempts included.
  std::int64_t requests() const noexcept { return requests_; }

 private:
  [[nodiscard]] bool await_turn(const std::string& host);
  bool is_worth_another_try(const Result<Response>& response) const;
  /// Time to wait before attempt `attempt` + 1; nothing: not worth waiting for.
  std::optional<std::chrono::milliseconds> wait_after(const Result<Response>& response,
                                                      int attempt);

  HttpClient& inner_;
  Patience patience_;
  Sleep sleep_;
  PatientClock clock_;
  std::minstd_rand random_{std::random_device{}()};
  std::map<std::string, std::chrono::steady_clock::time_point> next_start_;
  std::int64_t requests_ = 0;
};

/// What a `Retry-After` header asks for: seconds, or an HTTP date seen from `now` (not below 0).
/// Nothing for any other text.
/// @source  RFC 9110 §10.2.3 and §5.6.7 (IMF-fixdate; the two obsolete date forms are not read).
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, UtcTime now);

}  // namespace freshet::http
