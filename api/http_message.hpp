#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/query_string.hpp"

namespace freshet::api {

/// One HTTP request as the handlers see it: no Beast, no socket.
struct Request {
  std::string method;      ///< upper case
  std::string path;        ///< as sent, not decoded: no route holds an escape
  std::string query_text;  ///< what followed `?`, as sent
  Query query;             ///< the same, decoded
  std::string base_url;    ///< `https://host`, no slash at the end; from the proxy's headers if any
  std::string client_address;  ///< first of X-Forwarded-For, else the peer
  std::string authorization;   ///< empty: no such header
  std::string request_id;
  bool is_preflight = false;  ///< OPTIONS with Access-Control-Request-Method
};

/// What goes back. A HEAD request gets the same without the body.
struct Reply {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Messages by field, in the order in which the fields are declared.
using FieldErrors = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// `{"detail": "…"}`; a 401 also says how to authenticate.
Reply error_reply(unsigned status, std::string_view detail);
/// 400 with `{"detail": {field: [messages]}}`.
Reply field_error_reply(const FieldErrors& errors);
Reply not_found_reply();

}  // namespace freshet::api
