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

/// Whether `clean_text` would give back the same bytes. That is the common case, and finding out
/// copies nothing.
bool is_clean_text(std::string_view text) noexcept;

/// Length of the white space that `text` begins with: 0 (none) to 3 bytes.
std::size_t leading_space(std::string_view text) noexcept;

/// `text` without white space at both ends.
std::string_view trim_space(std::string_view text) noexcept;

constexpr bool is_ascii_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_ascii_alphanumeric(char c) noexcept {
  return is_ascii_letter(c) || is_ascii_digit(c);
}

/// `A` to `Z` in lower case; any other byte as it is.
constexpr char lower_letter(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
/// The same for each byte of a text. See core/fold.hpp for letters beyond ASCII.
std::string lower_ascii(std::string_view text);

/// 0 to 15 for a hexadecimal digit in either case, -1 for anything else.
constexpr int hex_value(char c) noexcept {
  return is_ascii_digit(c)      ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}
constexpr std::string_view kHexDigits = "0123456789abcdef";

/// What `+` means in a text with percent escapes: a space in a query and a form, itself in a path.
enum class Plus { space, itself };

/// Decodes `%41`. An escape that is none (`%zz`, `%4` at the end) stays as it is, as browsers and
/// servers read it. The bytes may be anything.
std::string percent_decode(std::string_view text, Plus plus);

/// How a whole number is written among numbers with fractions: `5.0`, or `5`.
enum class WholeNumber { with_point, bare };

/// Appends a number as the batch original prints its floats: the shortest digits that give the
/// number back, the exponent from 1e16 upward and below 1e-4: `5.0` or `5`, `0.0001`, `1e-05`,
/// `1e+21`; `inf`, `nan` are no JSON. The one form of doubles in JSON and in texts of a work.
void append_double(std::string& out, double value, WholeNumber whole);

}  // namespace freshet
