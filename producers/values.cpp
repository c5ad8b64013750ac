#include "producers/values.hpp"

#include <charconv>
#include <cmath>

#include "core/text.hpp"

namespace freshet {

json::object without_nulls(json::object object) {
  json::object result;
  for (auto& [name, value] : object) {
    if (!value.is_null()) {
      result.emplace(name, std::move(value));
    }
  }
  return result;
}

std::optional<double> plain_number(std::string_view text) {
  text = trim_space(text);
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc{} && end == text.data() + text.size() && std::isfinite(number)
             ? std::optional{number}
             : std::nullopt;
}

std::string encode_path(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_ascii_alphanumeric(c) || std::string_view{"-._~/"}.find(c) != std::string_view::npos) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += kDigits[byte >> 4U];
    result += kDigits[byte & 0xFU];
  }
  return result;
}

}  // namespace freshet
