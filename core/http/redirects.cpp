#include <algorithm>

#include "core/http/curl_exchange.hpp"
#include "core/http/url.hpp"
#include "core/text.hpp"

namespace freshet::http {
namespace {

constexpr int kMaxRedirects = 10;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// What follows a redirect, RFC 9110 §15.4: 303 always by GET, 301 and 302 turn POST into GET.
Method method_after(int status, Method method) {
  if (method == Method::post && (status == 301 || status == 302 || status == 303)) {
    return Method::get;
  }
  return method;
}

bool may_go_to_another_origin(std::string_view header) {
  const std::string name = lower_ascii(header);
  return name == "accept" || name == "user-agent";
}

// Where an answer leads; nothing: to what is no URL.
std::optional<std::string> next_url(const CurlOptions& options, const std::string& url,
                                    const std::string& location) {
  const std::string scheme = url.substr(0, url.find("://"));
  auto next = options.mirror.empty() ? std::nullopt : from_mirror(options.mirror, location, scheme);
  return next ? next : resolve_url(url, location);
}

}  // namespace

Result<Response> follow_redirects(
    const CurlOptions& options, const Request& request,
    const std::function<Result<Response>(const CurlExchange::Target&)>& exchange) {
  CurlExchange::Target target{request.method, full_url(request), request.headers, true,
                              Deadline::in(request.timeout)};
  const auto first_origin = origin_of(target.url);
  for (int redirects = 0;; ++redirects) {
    auto response = exchange(target);
    if (!response || request.redirects == Redirects::stop || !is_redirect(response->status)) {
      return response;
    }
    const std::string* location = response->header("location");
    if (location == nullptr) {
      return response;
    }
    if (redirects == kMaxRedirects) {
      return Error{Errc::invalid_value, Retry::never, "more than 10 redirects: " + request.url};
    }
    auto next = next_url(options, target.url, *location);
    if (!next) {
      return Error{Errc::invalid_value, Retry::never, "redirect to what is no URL: " + request.url};
    }
    target.method = method_after(response->status, target.method);
    if (origin_of(*next) != first_origin) {
      target.is_first_origin = false;
      std::erase_if(target.headers,
                    [](const auto& h) { return !may_go_to_another_origin(h.first); });
    }
    target.url = std::move(*next);
  }
}

}  // namespace freshet::http
