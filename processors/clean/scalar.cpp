#include "processors/clean/scalar.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/text.hpp"
#include "processors/record/json_number.hpp"

namespace freshet::clean {
namespace {

// The zeros of Unicode's decimal digits (category Nd, Unicode 15) behind ASCII; each is followed by
// its one to nine.
constexpr std::array<char32_t, 65> kZeros{
    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,   0xc66,
    0xce6,   0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,  0x1810,
    0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,  0xa8d0,
    0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950,
    0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec,
    0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};

// Reads one code point of well-formed UTF-8 at `i` and moves past it.
char32_t next_code_point(std::string_view text, std::size_t& i) noexcept {
  const auto lead = static_cast<unsigned char>(text[i]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
    code = (code << 6U) | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
  }
  i += length;
  return code;
}

// The text with every decimal digit as ASCII; nothing where it holds anything else beyond ASCII.
std::optional<std::string> ascii_digits(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const char32_t code = next_code_point(text, i);
    if (code < 0x80) {
      out.push_back(static_cast<char>(code));
      continue;
    }
    const auto above = std::upper_bound(kZeros.begin(), kZeros.end(), code);
    if (above == kZeros.begin() || code - *(above - 1) > 9) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>('0' + (code - *(above - 1))));
  }
  return out;
}

// Removes underscores that stand between two digits; false when there is another one.
bool remove_underscores(std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && (i == 0 || i + 1 == text.size() || !is_ascii_digit(text[i - 1]) ||
                           !is_ascii_digit(text[i + 1]))) {
      return false;
    }
  }
  std::erase(text, '_');
  return true;
}

std::optional<double> special_number(std::string_view unsigned_text, bool negative) {
  const std::string lower = lower_ascii(unsigned_text);
  if (lower == "inf" || lower == "infinity") {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  if (lower == "nan") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::nullopt;
}

}  // namespace

void append_scalar_text(std::string& out, Kind kind, std::string_view token) {
  if (kind == Kind::boolean) {
    out += token == "true" ? "True" : "False";
  } else if (token.find_first_of(".eE") == std::string_view::npos) {
    out += token == "-0" ? std::string_view{"0"} : token;
  } else {
    append_double(out, number_value(token), WholeNumber::with_point);
  }
}

std::optional<double> parse_number(std::string_view text) {
  text = trim_space(text);
  auto ascii = ascii_digits(text);
  if (!ascii || !remove_underscores(*ascii)) {
    return std::nullopt;
  }
  std::string_view rest{*ascii};
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) {
    rest.remove_prefix(1);
  }
  if (!is_decimal(rest)) {
    return special_number(rest, negative);
  }
  return negative ? -number_value(rest) : number_value(rest);
}

}  // namespace freshet::clean
