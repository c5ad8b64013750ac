#pragma once

#include <cstddef>
#include <string_view>

namespace freshet::clean {

/// Whether a text of well-formed UTF-8 has at most `limit` code points. A backslash counts twice:
/// columns have always been measured in the form in which files carry them.
bool fits(std::string_view text, std::size_t limit) noexcept;

/// The longest beginning that fits, without white space at its end.
std::string_view cut_to_fit(std::string_view text, std::size_t limit) noexcept;

}  // namespace freshet::clean
