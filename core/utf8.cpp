#include "core/utf8.hpp"

#include <simdjson.h>

#include <algorithm>

namespace freshet {
namespace {

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// How many bytes at the start of `text` are one well-formed character; 0 when none is.
std::size_t character_length(std::string_view text) noexcept {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (is_utf8(text.substr(0, length))) {
      return length;
    }
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string_view without_bom(std::string_view text) noexcept {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) {
    text.remove_prefix(kMark.size());
  }
  return text;
}

std::size_t count_code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text) {
    count += continues(c) ? 0U : 1U;
  }
  return count;
}

std::string_view first_code_points(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) {
    return text;  // a code point has at least one byte
  }
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!continues(text[i]) && count++ == limit) {
      return text.substr(0, i);
    }
  }
  return text;
}

std::string well_formed_utf8(std::string_view text) {
  if (is_utf8(text)) {
    return std::string{text};
  }
  std::string out;
  bool in_fault = false;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length > 0) {
      out += text.substr(0, length);
      in_fault = false;
    } else if (!in_fault) {
      out += "\xEF\xBF\xBD";
      in_fault = true;
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace freshet
