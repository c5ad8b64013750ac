#pragma once

#include <string>
#include <string_view>

namespace freshet::api {

/// What a browser sends beyond what most of the API looks at; empty where it did not.
struct PageHeaders {
  std::string accept_language = {};
  std::string accept_encoding = {};
  std::string cookie = {};
  std::string if_none_match = {};
  std::string origin = {};
  std::string referrer = {};
  std::string fetch_site = {};  ///< `same-origin`: a page of ours asks
  /// Class of the program that asks (core/usage/event.hpp); its name is not kept.
  std::string_view agent = "unknown";
  bool is_forwarded = false;  ///< a proxy says whom it asks for
  /// `Sec-GPC: 1`, or the reader's preference: nothing is recorded of the use.
  bool opts_out = false;
};

}  // namespace freshet::api
