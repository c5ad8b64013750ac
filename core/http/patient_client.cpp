#include "core/http/patient_client.hpp"

#include <algorithm>
#include <array>

#include "core/http/url.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"

namespace freshet::http {
namespace {

using std::chrono::milliseconds;

// More than anybody waits. More digits than a number holds still ask for a long wait, not for none.
constexpr std::int64_t kLongest = 10LL * 365 * 86'400;

std::optional<std::chrono::seconds> whole_seconds(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (const char digit : text) {
    value = std::min(kLongest, value * 10 + (digit - '0'));
  }
  return std::chrono::seconds{value};
}

std::optional<UtcTime> time_of(std::string_view year, std::string_view month, std::string_view day,
                               std::string_view clock) {
  static constexpr std::array<std::string_view, 12> kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::find(kMonths.begin(), kMonths.end(), month);
  if (found == kMonths.end()) {
    return std::nullopt;
  }
  const auto number = static_cast<int>(found - kMonths.begin()) + 1;
  std::string iso{year};
  iso += number < 10 ? "-0" : "-";
  iso.append(std::to_string(number)).append("-").append(day);
  std::replace(iso.begin(), iso.end(), ' ', '0');  // asctime pads the day with a space
  return parse_time(iso.append("T").append(clock).append("Z"));
}

// `Sun, 06 Nov 1994 08:49:37 GMT`
std::optional<UtcTime> parse_imf_date(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  return time_of(text.substr(12, 4), text.substr(8, 3), text.substr(5, 2), text.substr(17, 8));
}

// `Sunday, 06-Nov-94 08:49:37 GMT`. A year that seems to be more than 50 years ahead is past.
std::optional<UtcTime> parse_rfc850_date(std::string_view text, UtcTime now) {
  const auto comma = text.find(", ");
  if (comma == std::string_view::npos || text.size() != comma + 24 || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  text.remove_prefix(comma + 2);
  const auto two = whole_seconds(text.substr(7, 2));
  if (!two || text[2] != '-' || text[6] != '-') {
    return std::nullopt;
  }
  const int this_year = std::stoi(format_date(now).substr(0, 4));
  int year = this_year - this_year % 100 + static_cast<int>(two->count());
  year -= year > this_year + 50 ? 100 : 0;
  return time_of(std::to_string(year), text.substr(3, 3), text.substr(0, 2), text.substr(10, 8));
}

// `Sun Nov  6 08:49:37 1994`
std::optional<UtcTime> parse_asctime_date(std::string_view text) {
  if (text.size() != 24 || text[3] != ' ' || text[7] != ' ' || text[10] != ' ' || text[19] != ' ') {
    return std::nullopt;
  }
  return time_of(text.substr(20, 4), text.substr(4, 3), text.substr(8, 2), text.substr(11, 8));
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
  text = trim_space(text);
  if (const auto seconds = whole_seconds(text)) {
    return *seconds;
  }
  auto date = parse_imf_date(text);
  if (!date) {
    date = parse_rfc850_date(text, now);
  }
  if (!date) {
    date = parse_asctime_date(text);
  }
  if (!date) {
    return std::nullopt;
  }
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(*date - now));
}

PatientClient::PatientClient(HttpClient& inner, Patience patience, Sleep sleep, PatientClock clock,
                             std::shared_ptr<RateLimits> limits)
    : inner_{inner},
      patience_{std::move(patience)},
      sleep_{std::move(sleep)},
      clock_{std::move(clock)},
      limits_{limits ? std::move(limits) : std::make_shared<RateLimits>(patience_.min_interval)} {}

bool PatientClient::await_turn(RateLimit& limit) {
  const auto now = clock_.steady();
  const auto start = limit.take_turn(now);
  return start == now || sleep_(std::chrono::ceil<milliseconds>(start - now));
}

bool PatientClient::is_unusable(const Result<Response>& response) const {
  if (!response) {
    return response.error().retry() == Retry::after_backoff;
  }
  const int status = response->status;
  return status == 408 || status == 425 || status == 429 || status >= 500 ||
         (patience_.is_unusable && patience_.is_unusable(*response));
}

bool PatientClient::is_throttled(const Result<Response>& response, bool is_unusable) const {
  if (!response || !is_unusable) {
    return false;
  }
  return response->status == 429 || response->status == 503 ||
         (response->status == 200 && patience_.is_throttled && patience_.is_throttled(*response));
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
  RateLimit& limit = limits_->of(host);
  const auto stopped = [&] {
    return Error{Errc::unreachable, Retry::never, "stopped while waiting for " + host};
  };
  for (int attempt = 0;; ++attempt) {
    if (!await_turn(limit)) {
      return stopped();
    }
    ++requests_;
    const auto began = clock_.steady();
    auto response = inner_.send(request);
    const bool again = is_unusable(response);
    const bool throttled = is_throttled(response, again);
    if (throttled) {
      limit.slow_down(began, clock_.steady());
    }
    if (!again) {
      return response;
    }
    const auto wait = wait_after(response, attempt);
    if (wait && throttled) {
      limit.pause_until(clock_.steady() + *wait);
    }
    if (!wait || attempt >= patience_.retries) {
      return response;
    }
    if (!sleep_(*wait)) {
      return stopped();
    }
  }
}

}  // namespace freshet::http
