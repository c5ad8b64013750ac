#include "core/utf8.hpp"

#include <simdjson.h>

namespace freshet {
namespace {

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
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

}  // namespace freshet
