#include "api/request_reading.hpp"

#include <algorithm>
#include <utility>

namespace freshet::api {
namespace {

std::string_view first_entry(std::string_view list) {
  list = list.substr(0, list.find(','));
  while (!list.empty() && (list.front() == ' ' || list.front() == '\t')) {
    list.remove_prefix(1);
  }
  while (!list.empty() && (list.back() == ' ' || list.back() == '\t')) {
    list.remove_suffix(1);
  }
  return list;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// It goes into links that others follow: nothing but what a host and port can hold.
bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' ||
           c == ']';
  });
}

/// It goes into logs and back to the client.
bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
  });
}

/// `http://host/path?q` is allowed in a request line and means `/path?q`.
std::string_view without_origin(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.starts_with(scheme)) {
      const std::size_t slash = target.find('/', scheme.size());
      return slash == target.npos ? "/" : target.substr(slash);
    }
  }
  return target;
}

}  // namespace

Request read_request(const RawRequest& raw, std::string_view peer, std::string_view fallback,
                     std::string made_id) {
  Request request;
  request.method = raw.method;
  std::string_view target = without_origin(raw.target);
  target = target.substr(0, target.find('#'));
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query_text = target.substr(std::min(mark + 1, target.size()));
  request.query = Query::parse(request.query_text);

  const bool is_secure = first_entry(raw.forwarded_proto) == "https";
  std::string_view host = first_entry(raw.forwarded_host);
  if (!is_host(host)) {
    host = is_host(raw.host) ? raw.host : fallback;
  }
  request.base_url = is_secure ? "https://" : "http://";
  request.base_url += host;

  const std::string_view client = first_entry(raw.forwarded_for);
  request.client_address = client.empty() ? peer : client;
  request.authorization = raw.authorization;
  request.request_id =
      is_request_id(raw.request_id) ? std::string{raw.request_id} : std::move(made_id);
  request.is_preflight = raw.method == "OPTIONS" && !raw.preflight_method.empty();
  return request;
}

}  // namespace freshet::api
