#pragma once

#include <string>
#include <string_view>

#include "api/http_message.hpp"

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
  std::string_view preflight_method = {};  ///< Access-Control-Request-Method
  std::string_view request_id = {};
};

/// Makes a request of what came over the wire.
///
/// @param peer      the other end's address
/// @param fallback  `host:port` of ours, where the client names no host that could be one
/// @param made_id   for a request that brings no usable id
/// @source  rest-api.md §1.2: the proxy's headers come first, of a list the first entry
Request read_request(const RawRequest& raw, std::string_view peer, std::string_view fallback,
                     std::string made_id);

}  // namespace freshet::api
