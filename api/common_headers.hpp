#pragma once

#include <string>

#include "api/http_message.hpp"
#include "api/routes.hpp"

namespace freshet::api {

/// The reply to a CORS preflight, the same for every path.
Reply preflight_reply();

/// 301 to a path of ours; the query text goes along where it is kept.
Reply moved_reply(const Moved& moved, const std::string& query_text);

/// Headers that every reply carries: CORS, the request's id, and what an API view adds.
void add_common_headers(Reply& reply, const Request& request);

}  // namespace freshet::api
