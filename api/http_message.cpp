#include "api/http_message.hpp"

#include "core/json.hpp"

namespace freshet::api {

Reply error_reply(unsigned status, std::string_view detail) {
  Reply reply{.status = status, .body = "{\"detail\":"};
  append_json_string(reply.body, detail);
  reply.body += '}';
  if (status == 401) {
    reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"api\"");
  }
  return reply;
}

Reply field_error_reply(const FieldErrors& errors) {
  Reply reply{.status = 400, .body = "{\"detail\":{"};
  const char* separator = "";
  for (const auto& [field, messages] : errors) {
    reply.body += separator;
    append_json_string(reply.body, field);
    reply.body += ":[";
    const char* comma = "";
    for (const std::string& message : messages) {
      reply.body += comma;
      append_json_string(reply.body, message);
      comma = ",";
    }
    reply.body += ']';
    separator = ",";
  }
  reply.body += "}}";
  return reply;
}

Reply not_found_reply() { return error_reply(404, "Not found."); }

}  // namespace freshet::api
