#include "processors/record/json_text.hpp"

#include <bit>
#include <cstring>

#include "core/bytes16.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

std::optional<std::uint32_t> read_hex4(std::string_view text) noexcept {
  if (text.size() < 4) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = hex_value(c);
    if (digit < 0) {
      return std::nullopt;
    }
    value = value << 4U | static_cast<std::uint32_t>(digit);
  }
  return value;
}

// Reads `\uXXXX`, with its second half where it is a surrogate; `rest` begins behind `\u`.
std::optional<std::uint32_t> read_code_point(std::string_view& rest) noexcept {
  const auto high = read_hex4(rest);
  if (!high) {
    return std::nullopt;
  }
  rest.remove_prefix(4);
  if (*high < 0xD800 || *high > 0xDFFF) {
    return high;
  }
  if (*high > 0xDBFF || !rest.starts_with("\\u")) {
    return std::nullopt;
  }
  const auto low = read_hex4(rest.substr(2));
  if (!low || *low < 0xDC00 || *low > 0xDFFF) {
    return std::nullopt;
  }
  rest.remove_prefix(6);
  return 0x10000 + ((*high - 0xD800) << 10U) + (*low - 0xDC00);
}

char simple_escape(char c) noexcept {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return 0;
  }
}

}  // namespace

std::size_t first_escaped(std::string_view text) noexcept {
  std::size_t i = 0;
  if constexpr (kHasBytes16) {
    for (; i + 16 <= text.size(); i += 16) {
      const Bytes16 bytes{text.data() + i};
      const std::uint32_t hit = bytes.equal('"') | bytes.equal('\\') | bytes.control();
      if (hit != 0) {
        return i + static_cast<std::size_t>(std::countr_zero(hit));
      }
    }
  }
  // Eight bytes at a time: a byte below 0x20, or equal to a quote or a backslash, sets its high
  // bit.
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = 0x8080808080808080U;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    const std::uint64_t quote = word ^ (kOnes * '"');
    const std::uint64_t slash = word ^ (kOnes * '\\');
    const std::uint64_t hit =
        ((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash);
    if ((hit & kHighs) != 0) {
      break;
    }
  }
  for (; i < text.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    if (c < 0x20 || c == '"' || c == '\\') {
      break;
    }
  }
  return i;
}

std::optional<std::string_view> decode_json_text(std::string_view json, Arena& arena) {
  if (json.size() < 2 || json.front() != '"' || json.back() != '"') {
    return std::nullopt;
  }
  std::string_view rest = json.substr(1, json.size() - 2);
  if (rest.find('\\') == std::string_view::npos) {
    return rest;
  }
  // What is escaped is never shorter than what it stands for.
  auto* const begin = static_cast<char*>(arena.allocate(rest.size(), 1));
  char* out = begin;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('\\'), rest.size());
    std::memcpy(out, rest.data(), slash);
    out += slash;
    rest.remove_prefix(slash);
    if (rest.empty()) {
      break;
    }
    if (rest.size() < 2) {
      return std::nullopt;
    }
    const char escape = rest[1];
    rest.remove_prefix(2);
    if (escape == 'u') {
      const auto code = read_code_point(rest);
      if (!code) {
        return std::nullopt;
      }
      out = put_utf8(out, *code);
    } else if (const char simple = simple_escape(escape)) {
      *out++ = simple;
    } else {
      return std::nullopt;
    }
  }
  return std::string_view{begin, static_cast<std::size_t>(out - begin)};
}

std::size_t json_string_length(std::string_view text) noexcept {
  if (!text.starts_with('"')) {
    return 0;
  }
  std::string_view rest = text.substr(1);
  for (;;) {
    rest.remove_prefix(first_escaped(rest));
    if (rest.starts_with('"')) {
      return text.size() - rest.size() + 1;
    }
    if (rest.size() < 2 || rest.front() != '\\') {
      return 0;  // it does not end, or has a control character
    }
    const char escape = rest[1];
    rest.remove_prefix(2);
    if (escape == 'u' ? !read_code_point(rest) : simple_escape(escape) == 0) {
      return 0;
    }
  }
}

}  // namespace freshet
