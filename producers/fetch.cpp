#include "producers/fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/charset.hpp"
#include "core/http/url.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::size_t kMaxResolved = 2'048;

bool is_transient_status(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

// Without the query: it may hold a key.
std::string bare(const std::string& url) { return url.substr(0, url.find('?')); }

std::string charset_of(const http::Response& response) {
  const std::string* type = response.header("content-type");
  return type == nullptr ? std::string{} : freshet::charset_of(*type);
}

// What sources say of too many requests where their status is 200.
bool names_a_limit(std::string_view told) {
  static constexpr std::array<std::string_view, 5> kWords{"rate limit", "ratelimit", "throttl",
                                                          "too many requests", "quota"};
  const std::string text = lower_ascii(told);
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

bool is_gone_status(int status) { return status == 404 || status == 410; }

Error status_error(const std::string& url, int status) {
  std::string message = fmt::format("{}: HTTP {}", bare(url), status);
  if (is_transient_status(status)) {
    return {Errc::http_status, Retry::after_backoff, std::move(message)};
  }
  return {Errc::http_status, "", std::to_string(status), std::move(message)};
}

}  // namespace

bool is_gone(const Error& error) {
  return error.errc() == Errc::http_status && (error.rule() == "404" || error.rule() == "410");
}

FetchSession::FetchSession(http::HttpClient& client, FetchOptions options, http::Sleep sleep,
                           http::PatientClock clock, std::shared_ptr<http::RateLimits> limits)
    : client_{client},
      options_{std::move(options)},
      sleep_{std::move(sleep)},
      clock_{std::move(clock)},
      limits_{limits ? std::move(limits)
                     : std::make_shared<http::RateLimits>(options_.patience.min_interval)} {}

std::optional<FetchSession::Resolved> FetchSession::find_resolved(const std::string& url) const {
  const std::lock_guard lock{mutex_};
  const auto found = resolved_.find(url);
  if (found == resolved_.end()) {
    return std::nullopt;
  }
  return std::optional<Resolved>{std::in_place, found->second};
}

void FetchSession::keep_resolved(const std::string& url, const Resolved& resolved) {
  const std::lock_guard lock{mutex_};
  if (resolved_.size() >= kMaxResolved) {
    resolved_.clear();
  }
  resolved_.emplace(url, resolved);
}

Fetch::Fetch(FetchSession& session)
    : session_{session},
      client_{session.client_,
              [this] {
                http::Patience patience = session_.options_.patience;
                patience.is_unusable = [this](const http::Response& r) { return is_unusable(r); };
                patience.is_throttled = [this](const http::Response&) { return is_throttled_; };
                return patience;
              }(),
              session.sleep_, session.clock_, session.limits_} {}

Fetch::Fetch(http::HttpClient& client, FetchOptions options, http::Sleep sleep,
             http::PatientClock clock)
    : Fetch{*new FetchSession{client, std::move(options), std::move(sleep), std::move(clock)}} {
  own_.reset(&session_);
}

// Called for each answer whose status is final; what it parses is what the caller gets.
bool Fetch::is_unusable(const http::Response& response) {
  parsed_.reset();
  is_throttled_ = false;
  if (expect_ != Expect::json || response.status != 200) {
    return false;
  }
  auto parsed = parse_lenient_json(response.body, charset_of(response));
  if (!parsed) {
    fault_ = "it is no JSON";
    return true;
  }
  if (auto fault = judge_ ? judge_(parsed->value) : std::nullopt) {
    const std::string told = told_by(parsed->value, session_.options_.key);
    is_throttled_ = names_a_limit(told);
    fault_ = *fault + told;
    return true;
  }
  note(parsed->mended, response.final_url);
  parsed_ = std::move(parsed->value);
  return false;
}

void Fetch::note(const Mended& mended, const std::string& url) {
  if (mended.total() > 0) {
    spent_.mended += mended.total();
    log::warn("reply_mended", {{"url", bare(url)}, {"faults", mended.text()}});
  }
}

Result<http::Response> Fetch::send(http::Request request, Expect expect, const Judge& judge) {
  const FetchOptions& options = session_.options_;
  request.timeout = options.timeout;
  request.headers.insert(request.headers.begin(), options.headers.begin(), options.headers.end());
  if (options.credential && !options.key.empty() && request.method != http::Method::head &&
      http::host_of(request.url) == options.credential_host) {
    const Credential& credential = *options.credential;
    auto& target = credential.place == Credential::Place::query ? request.query : request.headers;
    std::string value = credential.sign == nullptr ? credential.prefix + options.key
                                                   : credential.sign(request.query, options.key);
    target.emplace_back(credential.name, std::move(value));
  }
  expect_ = expect;
  judge_ = judge;
  parsed_.reset();
  auto response = client_.send(request);
  count(response);
  return response;
}

void Fetch::count(const Result<http::Response>& response) {
  const bool is_usable = response && response->status < 400 && (expect_ != Expect::json || parsed_);
  const bool is_gone = response && is_gone_status(response->status);
  spent_.answers.push_back(is_usable ? Answered::usable
                           : is_gone ? Answered::gone
                                     : Answered::refused);
}

Fetch::Spent Fetch::take_spent() {
  spent_.requests = client_.requests() - std::exchange(requests_before_, client_.requests());
  return std::exchange(spent_, {});
}

// What came of a request for JSON.
Result<json::value> Fetch::taken(const std::string& url, const Result<http::Response>& response) {
  if (!response) {
    return response.error();
  }
  if (response->status != 200) {
    return status_error(url, response->status);
  }
  if (!parsed_) {
    return Error{Errc::malformed_payload, "", "answer",
                 bare(url) + ": the reply is no answer: " + fault_};
  }
  json::value result = std::move(*parsed_);
  parsed_.reset();
  return result;
}

Result<std::pair<json::value, http::Headers>> Fetch::get_with_headers(const std::string& url,
                                                                      const http::Query& query,
                                                                      const Judge& judge) {
  http::Request request;
  request.url = url;
  request.query = query;
  auto response = send(std::move(request), Expect::json, judge);
  auto body = taken(url, response);
  if (!body) {
    return body.error();
  }
  return std::pair{std::move(*body), std::move(response->headers)};
}

Result<json::value> Fetch::get(const std::string& url, const http::Query& query,
                               const Judge& judge) {
  auto result = get_with_headers(url, query, judge);
  if (!result) {
    return result.error();
  }
  return std::move(result->first);
}

Result<std::optional<json::value>> Fetch::find(const std::string& url, const http::Query& query,
                                               const Judge& judge) {
  auto result = get(url, query, judge);
  if (!result && is_gone(result.error())) {
    spent_.answers.pop_back();
    return std::optional<json::value>{};
  }
  if (!result) {
    return result.error();
  }
  return std::optional{std::move(*result)};
}

Result<std::string> Fetch::get_text(const std::string& url, const http::Query& query) {
  http::Request request;
  request.url = url;
  request.query = query;
  auto response = send(std::move(request), Expect::anything);
  if (!response) {
    return response.error();
  }
  if (response->status != 200) {
    return status_error(url, response->status);
  }
  Mended mended;
  std::string text = read_text(response->body, charset_of(*response), mended);
  note(mended, url);
  return text;
}

Result<json::value> Fetch::post(const std::string& url, const json::value& body,
                                const Judge& judge) {
  http::Request request;
  request.method = http::Method::post;
  request.url = url;
  request.body = to_json(body);
  request.headers = {{"content-type", "application/json"}};
  return taken(url, send(std::move(request), Expect::json, judge));
}

Result<http::Response> Fetch::head(const std::string& url) {
  http::Request request;
  request.method = http::Method::head;
  request.url = url;
  auto response = send(std::move(request), Expect::anything);
  if (response && response->status >= 400) {
    return status_error(url, response->status);
  }
  return response;
}

std::optional<std::string> Fetch::resolve(const std::string& url) {
  if (auto known = session_.find_resolved(url)) {
    return *known;
  }
  http::Request request;
  request.url = url;
  const auto response = send(std::move(request), Expect::anything);
  // A page that does not resolve costs a record one optional field, and one that does says nothing
  // of the provider's other answers.
  spent_.answers.pop_back();
  std::optional<std::string> result;
  if (response && response->status < 400) {
    result = response->final_url;
  }
  session_.keep_resolved(url, result);
  return result;
}

}  // namespace freshet
