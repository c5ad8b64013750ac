#include "producers/fetch.hpp"

#include <fmt/format.h>

#include "core/http/url.hpp"

namespace freshet {
namespace {

constexpr std::size_t kMaxResolved = 2'048;

bool is_transient_status(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

Error status_error(const http::Request& request, int status) {
  // Without the query: it may hold a key.
  std::string message =
      fmt::format("{}: HTTP {}", request.url.substr(0, request.url.find('?')), status);
  if (is_transient_status(status)) {
    return {Errc::http_status, Retry::after_backoff, std::move(message)};
  }
  return {Errc::http_status, "", std::to_string(status), std::move(message)};
}

}  // namespace

bool is_gone(const Error& error) {
  return error.errc() == Errc::http_status && (error.rule() == "404" || error.rule() == "410");
}

Fetch::Fetch(http::HttpClient& client, FetchOptions options, http::Sleep sleep,
             http::PatientClock clock)
    : options_{std::move(options)},
      client_{client,
              [this] {
                http::Patience patience = options_.patience;
                patience.is_unusable = [this](const http::Response& r) { return is_unusable(r); };
                return patience;
              }(),
              std::move(sleep), std::move(clock)} {}

// Called for each answer whose status is final; what it parses is what the caller gets.
bool Fetch::is_unusable(const http::Response& response) {
  parsed_.reset();
  if (expect_ != Expect::json || response.status != 200) {
    return false;
  }
  auto parsed = parse_json(response.body);
  if (!parsed || (options_.is_answer && !options_.is_answer(*parsed))) {
    return true;
  }
  parsed_ = std::move(*parsed);
  return false;
}

Result<http::Response> Fetch::send(http::Request request, Expect expect) {
  request.timeout = options_.timeout;
  request.headers.insert(request.headers.begin(), options_.headers.begin(), options_.headers.end());
  if (options_.credential && !options_.key.empty() &&
      http::host_of(request.url) == options_.credential_host) {
    const Credential& credential = *options_.credential;
    auto& target = credential.place == Credential::Place::query ? request.query : request.headers;
    target.emplace_back(credential.name, credential.prefix + options_.key);
  }
  expect_ = expect;
  auto response = client_.send(request);
  const bool may_pass = response ? is_transient_status(response->status)
                                 : response.error().retry() == Retry::after_backoff;
  failures_in_a_row_ = may_pass ? failures_in_a_row_ + 1 : 0;
  return response;
}

Result<std::pair<json::value, http::Headers>> Fetch::get_with_headers(const std::string& url,
                                                                      const http::Query& query) {
  http::Request request;
  request.url = url;
  request.query = query;
  auto response = send(request, Expect::json);
  if (!response) {
    return response.error();
  }
  if (response->status != 200) {
    return status_error(request, response->status);
  }
  if (!parsed_) {
    return Error{Errc::malformed_payload, Retry::never,
                 url.substr(0, url.find('?')) + ": the answer is no JSON, or an error"};
  }
  std::pair<json::value, http::Headers> result{std::move(*parsed_), std::move(response->headers)};
  parsed_.reset();
  return result;
}

Result<json::value> Fetch::get(const std::string& url, const http::Query& query) {
  auto result = get_with_headers(url, query);
  if (!result) {
    return result.error();
  }
  return std::move(result->first);
}

Result<std::string> Fetch::get_text(const std::string& url, const http::Query& query) {
  http::Request request;
  request.url = url;
  request.query = query;
  auto response = send(request, Expect::anything);
  if (!response) {
    return response.error();
  }
  if (response->status != 200) {
    return status_error(request, response->status);
  }
  return std::move(response->body);
}

Result<json::value> Fetch::post(const std::string& url, const json::value& body) {
  http::Request request;
  request.method = http::Method::post;
  request.url = url;
  request.body = to_json(body);
  request.headers = {{"content-type", "application/json"}};
  auto response = send(request, Expect::json);
  if (!response) {
    return response.error();
  }
  if (response->status != 200) {
    return status_error(request, response->status);
  }
  if (!parsed_) {
    return Error{Errc::malformed_payload, Retry::never,
                 url.substr(0, url.find('?')) + ": the answer is no JSON, or an error"};
  }
  return std::move(*parsed_);
}

Result<http::Response> Fetch::head(const std::string& url) {
  http::Request request;
  request.method = http::Method::head;
  request.url = url;
  auto response = send(request, Expect::anything);
  if (response && response->status >= 400) {
    return status_error(request, response->status);
  }
  return response;
}

std::optional<std::string> Fetch::resolve(const std::string& url) {
  if (const auto found = resolved_.find(url); found != resolved_.end()) {
    return found->second;
  }
  http::Request request;
  request.url = url;
  const auto response = send(request, Expect::anything);
  // A page that does not resolve costs a record one optional field, so it does not count as an
  // outage of the provider.
  failures_in_a_row_ = 0;
  std::optional<std::string> result;
  if (response && response->status < 400) {
    result = response->final_url;
  }
  if (resolved_.size() >= kMaxResolved) {
    resolved_.clear();
  }
  resolved_.emplace(url, result);
  return result;
}

}  // namespace freshet
