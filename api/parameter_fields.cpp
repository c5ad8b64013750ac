#include "api/parameter_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/utf8.hpp"

namespace freshet::api {
namespace {

constexpr std::array<std::string_view, 11> kTrue = {"true", "True", "TRUE", "t", "T", "yes",
                                                    "Yes",  "YES",  "y",    "Y", "1"};
constexpr std::array<std::string_view, 3> kOn = {"on", "On", "ON"};
constexpr std::array<std::string_view, 11> kFalse = {"false", "False", "FALSE", "f", "F", "no",
                                                     "No",    "NO",    "n",     "N", "0"};
constexpr std::array<std::string_view, 3> kOff = {"off", "Off", "OFF"};

bool is_one_of(std::string_view text, const auto& list) {
  return std::ranges::find(list, text) != list.end();
}

/// `12`, `+12`, `-3`, `1.`, `1.00`; nothing for anything else.
std::optional<std::int64_t> read_integer(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') {
    text.remove_prefix(1);
  }
  const bool is_negative = text.starts_with('-');
  std::int64_t value = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stopped, fault] = std::from_chars(begin, end, value);
  if (fault == std::errc::invalid_argument) {
    return std::nullopt;
  }
  if (fault == std::errc::result_out_of_range) {
    value = is_negative ? std::numeric_limits<std::int64_t>::min()
                        : std::numeric_limits<std::int64_t>::max();
  }
  const std::string_view rest{stopped, static_cast<std::size_t>(end - stopped)};
  if (rest.empty() || (rest.front() == '.' && rest.find_first_not_of('0', 1) == rest.npos)) {
    return value;
  }
  return std::nullopt;
}

std::string with_one_decimal(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, 1);
  return {buffer.data(), end.ptr};
}

}  // namespace

void FieldReader::fail(std::string_view name, std::string message) {
  errors_.push_back({std::string{name}, {std::move(message)}});
}

std::optional<std::string> FieldReader::text(std::string_view name, std::size_t max_length) {
  const std::string* value = query_.find_filled(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const std::string_view trimmed = trim_unicode(*value);
  if (trimmed.empty()) {
    fail(name, "This field may not be blank.");
    return std::nullopt;
  }
  if (trimmed.find('\0') != trimmed.npos) {
    fail(name, "Null characters are not allowed.");
    return std::nullopt;
  }
  if (max_length > 0 && count_code_points(trimmed) > max_length) {
    fail(name, "Ensure this field has no more than " + std::to_string(max_length) + " characters.");
    return std::nullopt;
  }
  return std::string{trimmed};
}

std::vector<std::string> FieldReader::list(std::string_view name) {
  const std::optional<std::string> value = text(name);
  std::vector<std::string> items;
  if (!value) {
    return items;
  }
  items.emplace_back();
  for (const char c : *value) {
    if (c == ',') {
      items.emplace_back();
    } else {
      items.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return items;
}

std::optional<bool> FieldReader::boolean(std::string_view name) {
  const std::string* value = query_.find_filled(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const std::string_view trimmed = trim_unicode(*value);
  if (is_one_of(trimmed, kTrue) || is_one_of(trimmed, kOn)) {
    return true;
  }
  if (is_one_of(trimmed, kFalse) || is_one_of(trimmed, kOff)) {
    return false;
  }
  fail(name, "Must be a valid boolean.");
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::integer(std::string_view name, std::int64_t least) {
  const std::string* value = query_.find_filled(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> number = read_integer(trim_unicode(*value));
  if (!number) {
    fail(name, "A valid integer is required.");
    return std::nullopt;
  }
  if (*number < least) {
    fail(name, "Ensure this value is greater than or equal to " + std::to_string(least) + ".");
    return std::nullopt;
  }
  return number;
}

std::optional<double> FieldReader::number(std::string_view name, double least, double most) {
  const std::string* value = query_.find_filled(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  std::string_view trimmed = trim_unicode(*value);
  if (trimmed.starts_with('+')) {
    trimmed.remove_prefix(1);
  }
  double number = 0;
  const char* const begin = trimmed.data();
  const char* const end = begin + trimmed.size();
  const auto [stopped, fault] = std::from_chars(begin, end, number);
  if (fault != std::errc{} || stopped != end || !std::isfinite(number)) {
    fail(name, "A valid number is required.");
    return std::nullopt;
  }
  if (number < least) {
    fail(name, "Ensure this value is greater than or equal to " + with_one_decimal(least) + ".");
    return std::nullopt;
  }
  if (number > most) {
    fail(name, "Ensure this value is less than or equal to " + with_one_decimal(most) + ".");
    return std::nullopt;
  }
  return number;
}

std::optional<std::string> FieldReader::choice(std::string_view name,
                                               const std::vector<std::string_view>& values) {
  const std::string* value = query_.find_filled(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!is_one_of(*value, values)) {
    fail(name, "\"" + *value + "\" is not a valid choice.");
    return std::nullopt;
  }
  return *value;
}

}  // namespace freshet::api
