#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// Rules of Nappy's API that are tested on their own.

namespace freshet::nappy_rules {

/// `233.5kB` as bytes: a number with `kB`, `MB` or `GB` behind it, times 1000, 10⁶ or 10⁹, rounded,
/// halves to the even number. Nothing for any other text.
std::optional<std::int64_t> read_filesize(std::string_view text);

}  // namespace freshet::nappy_rules
