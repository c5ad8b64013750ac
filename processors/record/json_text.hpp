#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "processors/record/work.hpp"

namespace freshet {

/// Index of the first byte that a JSON string must escape (`"`, `\`, below U+0020), or the size.
std::size_t first_escaped(std::string_view text) noexcept;

/// Appends a JSON string with quotes; everything but `"`, `\` and control characters literally.
/// `out` is a std::string or std::pmr::string: one writer for topics and for arenas, because the
/// same content must always give the same bytes.
template <class String>
void append_json_text(String& out, std::string_view text) {
  out.push_back('"');
  for (;;) {
    const std::size_t plain = first_escaped(text);
    out.append(text.data(), plain);
    if (plain == text.size()) {
      break;
    }
    constexpr std::array<char, 16> kHex{'0', '1', '2', '3', '4', '5', '6', '7',
                                        '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
    const auto c = static_cast<std::uint8_t>(text[plain]);
    switch (c) {
      case '"':
        out.append("\\\"", 2);
        break;
      case '\\':
        out.append("\\\\", 2);
        break;
      case '\b':
        out.append("\\b", 2);
        break;
      case '\f':
        out.append("\\f", 2);
        break;
      case '\n':
        out.append("\\n", 2);
        break;
      case '\r':
        out.append("\\r", 2);
        break;
      case '\t':
        out.append("\\t", 2);
        break;
      default:
        out.append("\\u00", 4);
        out.push_back(kHex[c >> 4U]);
        out.push_back(kHex[c & 15U]);
    }
    text.remove_prefix(plain + 1);
  }
  out.push_back('"');
}

/// The text of a JSON string (quotes included); `json` itself where nothing is escaped, else a copy
/// in the arena. Nothing when it is not a well-formed JSON string.
std::optional<std::string_view> decode_json_text(std::string_view json, Arena& arena);

/// Length, with its quotes, of the well-formed JSON string that the text begins with; 0 where it
/// begins with none. That it is UTF-8 is not looked at.
std::size_t json_string_length(std::string_view text) noexcept;

}  // namespace freshet
