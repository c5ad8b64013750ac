#pragma once

#include <algorithm>
#include <string>

namespace freshet {

/// A message as part of the one line that a command prints. Messages of libpq end in a line break,
/// and some have several.
inline std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace freshet
