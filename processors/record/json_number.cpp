#include "processors/record/json_number.hpp"

#include <charconv>
#include <cstdlib>
#include <string>
#include <system_error>

#include "core/text.hpp"

namespace freshet {
namespace {

std::size_t skip_digits(std::string_view text, std::size_t i) noexcept {
  while (i < text.size() && is_ascii_digit(text[i])) {
    ++i;
  }
  return i;
}

}  // namespace

bool is_json_number(std::string_view token) noexcept {
  if (token.starts_with('-')) {
    token.remove_prefix(1);
  }
  if (token.empty() || !is_ascii_digit(token.front()) ||
      (token.front() == '0' && token.size() > 1 && is_ascii_digit(token[1]))) {
    return false;
  }
  const std::size_t point = token.find('.');
  if (point != std::string_view::npos &&
      (point + 1 == token.size() || !is_ascii_digit(token[point + 1]))) {
    return false;
  }
  return is_decimal(token);
}

bool is_decimal(std::string_view text) noexcept {
  const std::size_t whole = skip_digits(text, 0);
  std::size_t i = whole;
  std::size_t fraction = 0;
  if (i < text.size() && text[i] == '.') {
    const std::size_t end = skip_digits(text, i + 1);
    fraction = end - i - 1;
    i = end;
  }
  if (whole + fraction == 0) {
    return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) {
      ++i;
    }
    const std::size_t end = skip_digits(text, i);
    if (end == i) {
      return false;
    }
    i = end;
  }
  return i == text.size();
}

double number_value(std::string_view token) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error == std::errc::result_out_of_range) {
    // from_chars does not say on which side: strtod gives infinity or zero.
    return std::strtod(std::string{token}.c_str(), nullptr);
  }
  return value;
}

}  // namespace freshet
