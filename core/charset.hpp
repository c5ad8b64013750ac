#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// What takes the place of a character that cannot be read: U+FFFD.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// The charset that a Content-Type header names: `application/json; charset="KOI8-R"` says
/// `koi8-r`.
/// @return lower case; empty where none is named.
std::string charset_of(std::string_view content_type);

/// The charset that the first bytes of a text show: a byte order mark of UTF-8, UTF-16 or UTF-32,
/// or the zeros that stand between ASCII characters in the latter two (RFC 4627, section 3).
/// @return `utf-8`, `utf-16le`, `utf-16be`, `utf-32le` or `utf-32be`; empty: they show nothing.
std::string_view shown_charset(std::string_view bytes) noexcept;

/// A text of another charset as UTF-8, without byte order mark. What has no meaning in that charset
/// becomes U+FFFD.
///
/// @param charset  lower case. Names mean what browsers take them for: `iso-8859-1` is
///                 windows-1252, `gb2312` is GB 18030, `utf-16` is little-endian.
/// @return nothing for UTF-8, and for a charset that is not known: the name comes from outside, so
///         it is not looked up.
/// @source  WHATWG Encoding Standard, "Names and labels".
std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset);

/// How many sequences of more than one byte in a text are well-formed UTF-8. Texts of other
/// charsets have few such sequences.
struct Utf8Look {
  std::size_t well_formed = 0;
  std::size_t ill_formed = 0;
};
Utf8Look look_at_utf8(std::string_view bytes) noexcept;

/// Length of the UTF-8 sequence that `bytes` (not empty) begins with, and whether it is
/// well-formed. If it is not, the length is that of the bytes which could have begun a character:
/// together they become one U+FFFD.
/// @source  The Unicode Standard, table 3-7 and "U+FFFD Substitution of Maximal Subparts".
struct Utf8Sequence {
  std::size_t length = 1;
  bool is_well_formed = false;
};
Utf8Sequence first_sequence(std::string_view bytes) noexcept;

}  // namespace freshet
