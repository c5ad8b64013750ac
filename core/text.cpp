#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/bytes16.hpp"

namespace freshet {
namespace {

// What a byte may begin. `lead` bytes begin the longer white space: C2 85, C2 A0, E1 9A 80,
// E2 80 80 to 8A, E2 80 A8, A9, AF, E2 81 9F, E3 80 80.
enum Kind : std::uint8_t { plain, space, quote, gone, lead };

constexpr std::array<std::uint8_t, 256> make_kinds() {
  std::array<std::uint8_t, 256> kinds{};
  for (const int c : {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x20}) {
    kinds[static_cast<std::size_t>(c)] = space;
  }
  kinds['"'] = quote;
  kinds[0x00] = gone;
  kinds[0x08] = gone;
  for (const int c : {0xC2, 0xE1, 0xE2, 0xE3}) {
    kinds[static_cast<std::size_t>(c)] = lead;
  }
  return kinds;
}
constexpr std::array<std::uint8_t, 256> kKinds = make_kinds();

std::uint8_t kind_of(char c) noexcept { return kKinds[static_cast<std::uint8_t>(c)]; }

// Length of white space of two or three bytes at the start of `text`, 0 if there is none.
std::size_t long_space(std::string_view text) noexcept {
  const auto at = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (text.size() < 2) {
    return 0;
  }
  if (at(0) == 0xC2) {
    return at(1) == 0x85 || at(1) == 0xA0 ? 2 : 0;
  }
  if (text.size() < 3) {
    return 0;
  }
  switch (at(0)) {
    case 0xE1:
      return at(1) == 0x9A && at(2) == 0x80 ? 3 : 0;
    case 0xE2:
      if (at(1) == 0x80) {
        return (at(2) >= 0x80 && at(2) <= 0x8A) || at(2) == 0xA8 || at(2) == 0xA9 || at(2) == 0xAF
                   ? 3
                   : 0;
      }
      return at(1) == 0x81 && at(2) == 0x9F ? 3 : 0;
    case 0xE3:
      return at(1) == 0x80 && at(2) == 0x80 ? 3 : 0;
    default:
      return 0;
  }
}

}  // namespace

std::size_t leading_space(std::string_view text) noexcept {
  if (text.empty()) {
    return 0;
  }
  const std::uint8_t kind = kind_of(text.front());
  return kind == space ? 1 : kind == lead ? long_space(text) : 0;
}

std::string_view trim_space(std::string_view text) noexcept {
  while (const std::size_t length = leading_space(text)) {
    text.remove_prefix(length);
  }
  for (bool more = true; more;) {
    more = false;
    for (std::size_t length = 1; length <= 3 && length <= text.size(); ++length) {
      if (leading_space(text.substr(text.size() - length)) == length) {
        text.remove_suffix(length);
        more = true;
        break;
      }
    }
  }
  return text;
}

bool is_clean_text(std::string_view text) noexcept {
  bool after_space = true;  // a space at the start has to go, too
  std::size_t i = 0;
  while (i < text.size()) {
    if (kHasBytes16 && i + 16 <= text.size()) {
      const Bytes16 bytes{text.data() + i};
      const std::uint32_t spaces = bytes.equal(' ');
      // Printable ASCII but the quote: the byte 0x7F counts as plain, as below.
      if (((bytes.ascii_above(' ') & ~bytes.equal('"')) | spaces) == 0xFFFFU) {
        if ((spaces & (spaces << 1U | (after_space ? 1U : 0U))) != 0) {
          return false;
        }
        after_space = (spaces & 0x8000U) != 0;
        i += 16;
        continue;
      }
    }
    switch (kind_of(text[i])) {
      case plain:
        after_space = false;
        break;
      case space:
        if (after_space || text[i] != ' ') {
          return false;
        }
        after_space = true;
        break;
      case lead:
        if (long_space(text.substr(i)) != 0) {
          return false;
        }
        after_space = false;
        break;
      default:
        return false;
    }
    ++i;
  }
  return !after_space || text.empty();
}

void append_clean_text(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  bool pending = false;  // white space seen; written before the next character, if there is one
  const auto put = [&](char c) {
    if (pending && out.size() > start) {
      out.push_back(' ');
    }
    pending = false;
    out.push_back(c);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (kind_of(text[i])) {
      case plain:
        put(text[i]);
        break;
      case space:
        pending = true;
        break;
      case quote:
        put('\'');
        break;
      case gone:
        break;
      case lead:
        if (const std::size_t length = long_space(text.substr(i))) {
          pending = true;
          i += length - 1;
        } else {
          put(text[i]);
        }
        break;
    }
  }
}

std::string clean_text(std::string_view text) {
  if (is_clean_text(text)) {
    return std::string{text};
  }
  std::string out;
  out.reserve(text.size());
  append_clean_text(out, text);
  return out;
}

std::string lower_ascii(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), lower_letter);
  return out;
}

std::string percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      out += ' ';
      continue;
    }
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

void append_double(std::string& out, double value, WholeNumber whole) {
  if (!std::isfinite(value)) {
    out += std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
    return;
  }
  const double size = std::fabs(value);
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 fixed ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  const std::string_view digits{buffer.data(), static_cast<std::size_t>(end - buffer.data())};
  out += digits;
  if (whole == WholeNumber::with_point && fixed && digits.find('.') == std::string_view::npos) {
    out += ".0";
  }
}

}  // namespace freshet
