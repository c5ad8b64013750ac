#pragma once

#include <string_view>
#include <variant>

#include "api/http_message.hpp"

namespace freshet::api {

/// Who asks, as far as it changes what may be asked for.
struct Caller {
  bool is_authenticated = false;
  bool may_have_large_pages = false;  ///< privilege `max_page_size`
  bool may_page_deep = false;         ///< privilege `max_result_count`

  int max_page_size() const { return may_have_large_pages ? 240 : is_authenticated ? 50 : 20; }
  /// Largest `page × page_size`.
  int max_depth() const { return may_page_deep ? 4800 : 240; }
  std::string_view level() const { return is_authenticated ? "authenticated" : "anonymous"; }
};

/// Reads the Authorization header. A scheme other than Bearer counts as anonymous. No token is ever
/// issued yet, so every Bearer token is a bad one: 401, never silently anonymous.
std::variant<Caller, Reply> identify(std::string_view authorization);

}  // namespace freshet::api
