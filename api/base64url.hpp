#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet::api {

/// URL-safe base64 without padding.
std::string to_base64url(std::string_view bytes);
/// @return nothing where a character is none of its digits, or the length cannot be
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace freshet::api
