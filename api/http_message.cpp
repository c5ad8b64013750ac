#include "api/http_message.hpp"

#include "core/json_writer.hpp"

namespace freshet::api {

Reply json_reply(std::string body) { return {.status = 200, .body = std::move(body)}; }

Reply error_reply(unsigned status, std::string_view detail) {
  Reply reply{.status = status, .body = ""};
  ObjectWriter object{reply.body};
  object.text("detail", detail);
  object.close();
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
    append_json_string(reply.body, field);  // may be a text of the caller's
    reply.body += ':';
    append_json_strings(reply.body, messages);
    separator = ",";
  }
  reply.body += "}}";
  return reply;
}

Reply not_found_reply() { return error_reply(404, "Not found."); }

}  // namespace freshet::api
