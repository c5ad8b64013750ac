#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace freshet {

/// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms). NUL is well-formed.
bool is_utf8(std::string_view text) noexcept;

/// `text` without the byte order mark (EF BB BF) that some editors and servers put before it.
std::string_view without_bom(std::string_view text) noexcept;

/// Number of code points of well-formed UTF-8.
std::size_t count_code_points(std::string_view text) noexcept;

/// The first `limit` code points of well-formed UTF-8.
std::string_view first_code_points(std::string_view text, std::size_t limit) noexcept;

/// `text` with one U+FFFD for each run of bytes that are not UTF-8.
std::string well_formed_utf8(std::string_view text);

/// Writes one code point, surrogates too, as one to four bytes; `out` has room for them.
/// @return the place behind them
constexpr char* put_utf8(char* out, char32_t code) noexcept {
  const auto put = [&out](char32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
  return out;
}
inline void append_utf8(std::string& out, char32_t code) {
  char bytes[4];
  out.append(bytes, put_utf8(bytes, code));
}

}  // namespace freshet
