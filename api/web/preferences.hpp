#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace freshet::api::web {

enum class Theme { system, light, dark };

std::string_view to_string(Theme theme);

/// What a reader has chosen; it lies in cookies of theirs and nowhere else.
struct Preferences {
  Theme theme = Theme::system;
  bool is_blurred = true;       ///< sensitive pictures, until one is uncovered
  bool is_counted = true;       ///< how they use the pages (docs/privacy.md)
  bool with_sensitive = false;  ///< for this session of the browser only

  friend bool operator==(const Preferences&, const Preferences&) = default;
};

/// Reads the `Cookie` header. What is missing or not understood is as by default.
Preferences read_preferences(std::string_view cookie);

/// Values of `Set-Cookie` that keep these.
/// @param is_secure  the page came over https
std::vector<std::string> preference_cookies(const Preferences& preferences, bool is_secure);

}  // namespace freshet::api::web
