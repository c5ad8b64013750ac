#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http_message.hpp"
#include "core/ip_network.hpp"

namespace freshet::api {

/// The headers that a request is made of; empty where one was not sent.
struct RawRequest {
  std::string_view method = {};
  std::string_view target = {};  ///< as in the request line
  std::string_view host = {};
  std::string_view forwarded_proto = {};
  std::string_view forwarded_host = {};
  std::string_view forwarded_for = {};
  std::string_view authorization = {};
  std::string_view accept = {};
  std::string_view referrer = {};
  std::string_view content_type = {};
  std::string_view range = {};
  std::string_view if_range = {};
  std::string_view last_event_id = {};
  std::string_view preflight_method = {};  ///< Access-Control-Request-Method
  std::string_view request_id = {};
  PageHeaders page = {};
};

/// Where this server stands.
struct Surroundings {
  std::vector<IpNetwork> trusted_proxies{};  ///< whose `X-Forwarded-*` count
  std::string public_url{};                  ///< what links begin with; empty: as we were called
};

/// Makes a request of the head that came over the wire.
///
/// `X-Forwarded-*` count from trusted proxies only: links are made of them, which caches keep, and
/// limits go by them. Of scheme and host the first entry counts; the client is the last address in
/// `X-Forwarded-For` that is none of our proxies, for what stands before it anybody could have
/// written.
///
/// @param peer      the other end's address
/// @param fallback  `host:port` of ours, where the client names no host that could be one
/// @param made_id   for a request that brings no usable id
Request read_request(const RawRequest& raw, std::string_view peer, std::string_view fallback,
                     std::string made_id, const Surroundings& surroundings = {});

}  // namespace freshet::api
