#include "api/caller.hpp"

#include <algorithm>
#include <cctype>

namespace freshet::api {

std::variant<Caller, Reply> identify(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer";
  const std::string_view scheme = authorization.substr(0, authorization.find(' '));
  const bool is_bearer = std::ranges::equal(scheme, kScheme, [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
  if (!is_bearer) {
    return Caller{};
  }
  Reply reply = error_reply(401, "Incorrect authentication credentials.");
  reply.headers = {{"WWW-Authenticate",
                    "Bearer realm=\"api\",error=\"invalid_token\","
                    "error_description=\"The access token is invalid.\""}};
  return reply;
}

}  // namespace freshet::api
