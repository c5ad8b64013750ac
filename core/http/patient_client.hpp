#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/config.hpp"
#include "core/http/http_client.hpp"
#include "core/http/rate_limit.hpp"
#include "core/time.hpp"

namespace freshet::http {

/// Waits. Tests record the time that was asked for and return at once.
using Sleep = std::function<bool(std::chrono::milliseconds)>;  ///< false: a stop was asked for

/// Sleeps until the time has passed or a stop is asked for.
Sleep sleep_until_stopped(std::stop_token stop);

/// The same, but with a mirror it returns at once, unless `http.mirror_waits` is set: a recorded or
/// made-up server has no limits to respect.
Sleep sleep_for(const Config::Http& config, std::stop_token stop);

/// Where a patient client reads time from.
struct PatientClock {
  std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;
  std::function<UtcTime()> utc = [] { return SystemClock{}.now(); };  ///< for `Retry-After` dates
};

struct Patience {
  int retries = 3;  ///< further attempts after the first
  /// Between the starts of two requests to one host.
  std::chrono::microseconds min_interval{1'000'000};
  std::chrono::milliseconds first_backoff{1'000};  ///< doubled each time, ± 20 % jitter
  std::chrono::milliseconds max_backoff{60'000};
  std::chrono::milliseconds max_retry_after{600'000};  ///< asked for more: no further attempt
  /// A further reason to try again: the status is good, but the answer cannot be used. Null: none.
  std::function<bool(const Response&)> is_unusable;
  /// Of such an answer: it says that there were too many requests, as a 429 does. Null: none does.
  std::function<bool(const Response&)> is_throttled;
};

/// Adds rate limit per host, retries with back-off and `Retry-After` to a client.
///
/// Tried again: failed exchanges, 408, 425, 429 and 5xx; never other 4xx. After the last attempt
/// the response or error is returned as it is. After 429, 503 and answers that say the same, all
/// who share the limits make half as many requests, and none before the time in `Retry-After`.
/// @thread_safety  One thread at a time; several may share `inner` and the limits, which must
///                 outlive it.
class PatientClient final : public HttpClient {
 public:
  /// @param limits  of the host, shared with others; null: its own, with `min_interval`.
  PatientClient(HttpClient& inner, Patience patience, Sleep sleep, PatientClock clock = {},
                std::shared_ptr<RateLimits> limits = nullptr);

  /// @error as `inner`; Errc::unreachable with Retry::never when a stop was asked for while
  /// waiting.
  Result<Response> send(const Request& request) override;

  /// Requests sent since the start, attempts included.
  std::int64_t requests() const noexcept { return requests_; }

 private:
  [[nodiscard]] bool await_turn(RateLimit& limit);
  bool is_throttled(const Result<Response>& response, bool is_unusable) const;
  bool is_unusable(const Result<Response>& response) const;
  /// Time to wait before attempt `attempt` + 1; nothing: not worth waiting for.
  std::optional<std::chrono::milliseconds> wait_after(const Result<Response>& response,
                                                      int attempt);

  HttpClient& inner_;
  Patience patience_;
  Sleep sleep_;
  PatientClock clock_;
  std::minstd_rand random_{std::random_device{}()};
  std::shared_ptr<RateLimits> limits_;
  std::int64_t requests_ = 0;
};

/// What a `Retry-After` header asks for: seconds, however many digits they have (ten years at
/// most), or an HTTP date seen from `now` (not below 0). Nothing for any other text: blank,
/// negative, a fraction.
/// @source  RFC 9110 §10.2.3 and §5.6.7, all three forms of a date.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, UtcTime now);

}  // namespace freshet::http
