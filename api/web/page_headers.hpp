#pragma once

#include <string>

namespace freshet::api {

/// What a browser sends beyond what the API looks at; empty where it did not.
struct PageHeaders {
  std::string accept_language = {};
  std::string accept_encoding = {};
  std::string cookie = {};
  std::string if_none_match = {};
  std::string origin = {};
  std::string referrer = {};
};

}  // namespace freshet::api
