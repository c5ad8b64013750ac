#include "api/web/preferences.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace freshet::api::web {
namespace {

constexpr std::string_view kLasting = "freshet";
constexpr std::string_view kSession = "freshet_sensitive";
constexpr std::string_view kSixtyDays = "5184000";

/// Calls `use` with each part between separators, trimmed.
void each_part(std::string_view text, char separator, const auto& use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    use(trim_space(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

std::string_view to_string(Theme theme) {
  switch (theme) {
    case Theme::system:
      return "system";
    case Theme::light:
      return "light";
    case Theme::dark:
      return "dark";
  }
  return "";
}

Preferences read_preferences(std::string_view cookie) {
  Preferences read;
  each_part(cookie, ';', [&](std::string_view pair) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (name == kSession) {
      read.with_sensitive = value == "1";
    } else if (name == kLasting) {
      each_part(value, '.', [&](std::string_view choice) {
        if (choice == "light" || choice == "dark") {
          read.theme = choice == "light" ? Theme::light : Theme::dark;
        } else if (choice == "clear") {
          read.is_blurred = false;
        } else if (choice == "uncounted") {
          read.is_counted = false;
        }
      });
    }
  });
  return read;
}

std::vector<std::string> preference_cookies(const Preferences& preferences, bool is_secure) {
  const std::string tail =
      std::string{"; Path=/; HttpOnly; SameSite=Lax"} + (is_secure ? "; Secure" : "");
  std::string lasting{kLasting};
  lasting.append("=").append(to_string(preferences.theme));
  lasting += preferences.is_blurred ? ".blurred" : ".clear";
  lasting += preferences.is_counted ? "" : ".uncounted";
  lasting.append("; Max-Age=").append(kSixtyDays);
  std::string session{kSession};
  session += preferences.with_sensitive ? "=1" : "=0";
  return {lasting + tail, session + tail};
}

}  // namespace freshet::api::web
