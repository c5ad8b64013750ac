#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/body_stream.hpp"
#include "api/query_string.hpp"
#include "api/web/page_headers.hpp"

namespace freshet::api {

/// One HTTP request as the endpoints see it: no Beast, no socket.
struct Request {
  std::string method;          ///< upper case
  std::string path;            ///< as sent, not decoded: no route holds an escape
  std::string query_text;      ///< what followed `?`, as sent
  Query query;                 ///< the same, decoded
  std::string base_url;        ///< `https://host`, no slash at the end
  std::string client_address;  ///< of the client itself, where proxies that are trusted tell it
  std::string authorization;   ///< empty: no such header
  std::string accept;          ///< the same
  std::string referrer;        ///< of the header that is spelled so, with two r
  std::string content_type;    ///< of the body, as sent; empty: no such header
  std::string range;           ///< which bytes of a file are wanted
  std::string if_range;        ///< of which version of it
  std::string last_event_id;   ///< what a reader of events saw last
  bool has_body = false;       ///< one came, whether or not it was kept
  std::string body;            ///< kept only for a route that takes bodies of its form
  std::string request_id;
  PageHeaders page;           ///< what only pages for people look at
  bool is_preflight = false;  ///< OPTIONS with Access-Control-Request-Method
  /// When all of it was there: what a route may take is counted from here.
  std::chrono::steady_clock::time_point arrived_at = std::chrono::steady_clock::now();
};

/// What goes back. A HEAD request gets the same without the body.
struct Reply {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::shared_ptr<BodyStream> stream = nullptr;  ///< in place of a body
  std::optional<std::uint64_t> stream_bytes{};   ///< all that it gives; nothing: nobody knows
};

/// Messages by field, in the order in which the fields are declared.
using FieldErrors = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// 200 with a JSON text.
Reply json_reply(std::string body);
/// `{"detail": "…"}`; a 401 also says how to authenticate.
Reply error_reply(unsigned status, std::string_view detail);
/// 400 with `{"detail": {field: [messages]}}`.
Reply field_error_reply(const FieldErrors& errors);
Reply not_found_reply();

}  // namespace freshet::api
