#pragma once

#include <string>

#include "core/json.hpp"

namespace freshet {

/// For what a command prints as JSON: null where nothing is known.
inline json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value{} : json::value(text);
}

}  // namespace freshet
