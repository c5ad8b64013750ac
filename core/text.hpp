#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace freshet {

/// Appends `text` in the form in which every text of a work is kept: `"` becomes `'`, backspaces
/// (U+0008) and NUL are gone, every run of white space is one space, none at either end.
///
/// White space is what Unicode calls so plus U+001C to U+001F; the zero-width space U+200B is not.
/// NUL goes because PostgreSQL cannot hold it. Bytes that are not UTF-8 are copied as they are.
/// Doing it twice changes nothing. Producers use it for the identifier in a key, clean for values.
void append_clean_text(std::string& out, std::string_view text);
std::string clean_text(std::string_view text);

/// Whether `clean_text` would give back the same bytes: the common case, told without copying.
bool is_clean_text(std::string_view text) noexcept;

/// Length of the white space that `text` begins with: 0 (none) to 3 bytes.
std::size_t leading_space(std::string_view text) noexcept;

/// `text` without white space at both ends.
std::string_view trim_space(std::string_view text) noexcept;

/// Appends a number with a fraction or an exponent as it stands in texts of a work: the shortest
/// digits that give the number back, always with a point or an exponent, the exponent from 1e16
/// upward and below 1e-4: `5.0`, `0.0001`, `1e-05`, `1e+21`, `inf`, `nan`. Whole numbers of JSON
/// stay as they are written; producers need this only where a provider's identifier is such a
/// number.
void append_number_text(std::string& out, double value);

}  // namespace freshet
