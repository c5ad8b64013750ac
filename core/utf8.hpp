#pragma once

#include <cstddef>
#include <string_view>

namespace freshet {

/// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms). NUL is well-formed.
bool is_utf8(std::string_view text) noexcept;

/// Number of code points of well-formed UTF-8.
std::size_t count_code_points(std::string_view text) noexcept;

/// The first `limit` code points of well-formed UTF-8.
std::string_view first_code_points(std::string_view text, std::size_t limit) noexcept;

}  // namespace freshet
