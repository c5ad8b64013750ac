#include "core/http/patient_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/http/url.hpp"
#include "core/stop.hpp"

namespace freshet::http {
namespace {

using std::chrono::milliseconds;

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

// `Sun, 06 Nov 1994 08:49:37 GMT`
std::optional<UtcTime> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) {
    return std::nullopt;
  }
  const auto month_number = static_cast<int>(month - kMonths.begin()) + 1;
  std::string iso{text.substr(12, 4)};
  iso += month_number < 10 ? "-0" : "-";
  iso += std::to_string(month_number);
  iso.append("-").append(text.substr(5, 2)).append("T").append(text.substr(17, 8)).append("Z");
  return parse_time(iso);
}

}  // namespace

Sleep sleep_until_stopped(std::stop_token stop) {
  return [stop = std::move(stop)](milliseconds time) { return !wait_for_stop(stop, time); };
}

Sleep sleep_for(const Config::Http& config, std::stop_token stop) {
  if (!config.mirror.empty() && !config.mirror_waits) {
    return [stop = std::move(stop)](milliseconds) { return !stop.stop_requested(); };
  }
  return sleep_until_stopped(std::move(stop));
}

std::optional<milliseconds> parse_retry_after(std::string_view text, UtcTime now) {
  if (const auto seconds = number(text)) {
    return std::chrono::seconds{*seconds};
  }
  const auto date = parse_http_date(text);
  if (!date) {
    return std::nullopt;
  }
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(*date - now));
}

PatientClient::PatientClient(HttpClient& inner, Patience patience, Sleep sleep, PatientClock clock)
    : inner_{inner},
      patience_{std::move(patience)},
      sleep_{std::move(sleep)},
      clock_{std::move(clock)} {}

// The next start is counted from the planned one, not from when the sleep happened to end; a late
// caller does not earn a burst.
bool PatientClient::await_turn(const std::string& host) {
  const auto now = clock_.steady();
  auto& next = next_start_[host];
  const auto start = std::max(now, next);
  next = start + patience_.min_interval;
  return start == now || sleep_(std::chrono::ceil<milliseconds>(start - now));
}

bool PatientClient::is_worth_another_try(const Result<Response>& response) const {
  if (!response) {
    return response.error().retry() == Retry::after_backoff;
  }
  const int status = response->status;
  if (status == 408 || status == 425 || status == 429 || status >= 500) {
    return true;
  }
  return patience_.is_unusable && patience_.is_unusable(*response);
}

std::optional<milliseconds> PatientClient::wait_after(const Result<Response>& response,
                                                      int attempt) {
  if (response) {
    if (const std::string* text = response->header("retry-after")) {
      if (const auto asked = parse_retry_after(*text, clock_.utc())) {
        return *asked > patience_.max_retry_after ? std::nullopt : asked;
      }
    }
  }
  milliseconds backoff = patience_.first_backoff;
  for (int i = 0; i < attempt && backoff < patience_.max_backoff; ++i) {
    backoff *= 2;
  }
  backoff = std::min(backoff, patience_.max_backoff);
  std::uniform_int_distribution<std::int64_t> percent{80, 120};
  return milliseconds{backoff.count() * percent(random_) / 100};
}

Result<Response> PatientClient::send(const Request& request) {
  const std::string host = host_of(request.url).value_or("");
  const auto stopped = [&] {
    return Error{Errc::unreachable, Retry::never, "stopped while waiting for " + host};
  };
  for (int attempt = 0;; ++attempt) {
    if (!await_turn(host)) {
      return stopped();
    }
    ++requests_;
    auto response = inner_.send(request);
    if (!is_worth_another_try(response) || attempt >= patience_.retries) {
      return response;
    }
    const auto wait = wait_after(response, attempt);
    if (!wait) {
      return response;
    }
    if (!sleep_(*wait)) {
      return stopped();
    }
  }
}

}  // namespace freshet::http
