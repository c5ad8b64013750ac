#include "api/request_reading.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"

namespace freshet::api {
namespace {

std::string_view first_entry(std::string_view list) {
  return trim_space(list.substr(0, list.find(',')));
}

/// It goes into links that others follow: nothing but what a host and port can hold.
bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return is_ascii_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' ||
           c == ']';
  });
}

/// It goes into logs and back to the client.
bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return is_ascii_alphanumeric(c) || c == '.' || c == '-' || c == '_';
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

bool is_trusted(const Surroundings& surroundings, std::string_view address) {
  const auto parsed = parse_ip_address(address);
  return parsed && std::ranges::any_of(surroundings.trusted_proxies, [&](const IpNetwork& network) {
           return network.contains(*parsed);
         });
}

/// @param forwarded_for  `client, proxy, proxy`: each proxy adds whom it was asked by
std::string_view client_of(std::string_view forwarded_for, std::string_view peer,
                           const Surroundings& surroundings) {
  std::string_view client = peer;
  while (is_trusted(surroundings, client) && !forwarded_for.empty()) {
    const std::size_t comma = forwarded_for.rfind(',');
    const std::string_view before =
        trim_space(comma == forwarded_for.npos ? forwarded_for : forwarded_for.substr(comma + 1));
    if (!parse_ip_address(before)) {
      break;
    }
    client = before;
    forwarded_for = forwarded_for.substr(0, comma == forwarded_for.npos ? 0 : comma);
  }
  return client;
}

}  // namespace

Request read_request(const RawRequest& raw, std::string_view peer, std::string_view fallback,
                     std::string made_id, const Surroundings& surroundings) {
  Request request;
  request.method = raw.method;
  std::string_view target = without_origin(raw.target);
  target = target.substr(0, target.find('#'));
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query_text = target.substr(std::min(mark + 1, target.size()));
  request.query = Query::parse(request.query_text);

  const bool is_proxied = is_trusted(surroundings, peer);
  if (surroundings.public_url.empty()) {
    const bool is_secure = is_proxied && first_entry(raw.forwarded_proto) == "https";
    std::string_view host = is_proxied ? first_entry(raw.forwarded_host) : "";
    if (!is_host(host)) {
      host = is_host(raw.host) ? raw.host : fallback;
    }
    request.base_url = is_secure ? "https://" : "http://";
    request.base_url += host;
  } else {
    request.base_url = surroundings.public_url;
    while (request.base_url.ends_with('/')) {
      request.base_url.pop_back();
    }
  }

  request.client_address = is_proxied ? client_of(raw.forwarded_for, peer, surroundings) : peer;
  request.authorization = raw.authorization;
  request.accept = raw.accept;
  request.referrer = raw.referrer;
  request.content_type = raw.content_type;
  request.range = raw.range;
  request.if_range = raw.if_range;
  request.last_event_id = raw.last_event_id;
  request.request_id =
      is_request_id(raw.request_id) ? std::string{raw.request_id} : std::move(made_id);
  request.page = raw.page;
  request.is_preflight = raw.method == "OPTIONS" && !raw.preflight_method.empty();
  return request;
}

}  // namespace freshet::api
