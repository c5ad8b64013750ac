#include "api/common_headers.hpp"

#include <algorithm>

namespace freshet::api {

Reply preflight_reply() {
  return {.status = 200,
          .body = "",
          .content_type = "text/html; charset=utf-8",
          .headers = {{"Access-Control-Allow-Headers",
                       "accept, authorization, content-type, user-agent, x-csrftoken, "
                       "x-requested-with, accept-encoding, dnt, origin"},
                      {"Access-Control-Allow-Methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT"},
                      {"Access-Control-Max-Age", "86400"}}};
}

Reply moved_reply(const Moved& moved, const std::string& query_text) {
  std::string location = moved.location;
  if (moved.query_text == QueryText::kept && !query_text.empty()) {
    location += "?" + query_text;
  }
  return {.status = 301,
          .body = "",
          .content_type = "text/html; charset=utf-8",
          .headers = {{"Location", std::move(location)}}};
}

void add_common_headers(Reply& reply, const Request& request) {
  // On every reply, redirects and errors too: a browser that meets one without reports a CORS fault
  // in place of what went wrong.
  reply.headers.emplace_back("Access-Control-Allow-Origin", "*");
  const std::string vary = request.is_preflight ? "origin" : "Authorization, origin";
  const auto said = std::ranges::find(reply.headers, "Vary", [](const auto& h) { return h.first; });
  if (said == reply.headers.end()) {
    reply.headers.emplace_back("Vary", vary);
  } else {
    said->second += ", " + vary;
  }
  reply.headers.emplace_back("X-Request-Id", request.request_id);
}

}  // namespace freshet::api
