#include "api/parameter_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/text.hpp"
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

std::optional<std::string> FieldReader::text(const Parameter& parameter) {
  const std::string* value = query_.find_filled(parameter.name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const std::string_view trimmed = trim_space(*value);
  if (trimmed.empty()) {
    fail(parameter.name, "This field may not be blank.");
    return std::nullopt;
  }
  if (trimmed.find('\0') != trimmed.npos) {
    fail(parameter.name, "Null characters are not allowed.");
    return std::nullopt;
  }
  if (parameter.longest > 0 && count_code_points(trimmed) > parameter.longest) {
    fail(parameter.name, "Ensure this field has no more than " + std::to_string(parameter.longest) +
                             " characters.");
    return std::nullopt;
  }
  return std::string{trimmed};
}

std::vector<std::string> FieldReader::list(const Parameter& parameter) {
  const std::optional<std::string> value = text(parameter);
  std::vector<std::string> items;
  if (!value) {
    return items;
  }
  items.emplace_back();
  for (const char c : *value) {
    if (c == ',') {
      items.emplace_back();
    } else {
      items.back() += lower_letter(c);
    }
  }
  if (!parameter.values.empty()) {
    for (const std::string& item : items) {
      if (!is_one_of(item, parameter.values)) {
        fail(parameter.name, wrong_value(parameter, item));
        return {};
      }
    }
  }
  return items;
}

std::optional<bool> FieldReader::boolean(const Parameter& parameter) {
  const std::string* value = query_.find_filled(parameter.name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const std::string_view trimmed = trim_space(*value);
  if (is_one_of(trimmed, kTrue) || is_one_of(trimmed, kOn)) {
    return true;
  }
  if (is_one_of(trimmed, kFalse) || is_one_of(trimmed, kOff)) {
    return false;
  }
  fail(parameter.name, "Must be a valid boolean.");
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::integer(const Parameter& parameter) {
  const std::string* value = query_.find_filled(parameter.name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> number = read_integer(trim_space(*value));
  if (!number) {
    fail(parameter.name, "A valid integer is required.");
    return std::nullopt;
  }
  if (parameter.least && static_cast<double>(*number) < *parameter.least) {
    fail(parameter.name, "Ensure this value is greater than or equal to " +
                             std::to_string(static_cast<std::int64_t>(*parameter.least)) + ".");
    return std::nullopt;
  }
  return number;
}

std::optional<double> FieldReader::number(const Parameter& parameter) {
  const std::string* value = query_.find_filled(parameter.name);
  if (value == nullptr) {
    return std::nullopt;
  }
  std::string_view trimmed = trim_space(*value);
  if (trimmed.starts_with('+')) {
    trimmed.remove_prefix(1);
  }
  double number = 0;
  const char* const begin = trimmed.data();
  const char* const end = begin + trimmed.size();
  const auto [stopped, fault] = std::from_chars(begin, end, number);
  if (fault != std::errc{} || stopped != end || !std::isfinite(number)) {
    fail(parameter.name, "A valid number is required.");
    return std::nullopt;
  }
  if (parameter.least && number < *parameter.least) {
    fail(parameter.name, "Ensure this value is greater than or equal to " +
                             with_one_decimal(*parameter.least) + ".");
    return std::nullopt;
  }
  if (parameter.most && number > *parameter.most) {
    fail(parameter.name,
         "Ensure this value is less than or equal to " + with_one_decimal(*parameter.most) + ".");
    return std::nullopt;
  }
  return number;
}

std::optional<std::string> FieldReader::choice(const Parameter& parameter) {
  const std::string* value = query_.find_filled(parameter.name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!is_one_of(*value, parameter.values)) {
    fail(parameter.name, "\"" + *value + "\" is not a valid choice.");
    return std::nullopt;
  }
  return *value;
}

std::optional<UtcTime> FieldReader::time(const Parameter& parameter) {
  const std::optional<std::string> value = text(parameter);
  if (!value) {
    return std::nullopt;
  }
  auto time = parse_time(*value);
  if (!time) {
    time = parse_date(*value);
  }
  if (!time) {
    fail(parameter.name, "Enter a valid date or time, such as 2026-11-21 or 2026-11-21T08:00:00Z.");
  }
  return time;
}

std::string wrong_value(const Parameter& parameter, std::string_view value) {
  if (!parameter.wrong.empty()) {
    std::string message{parameter.wrong};
    message.replace(message.find("{}"), 2, value);
    return message;
  }
  std::string values;
  for (const std::string_view one : parameter.values) {
    values.append(values.empty() ? "'" : ", '").append(one) += '\'';
  }
  return "Invalid value: " + std::string{value} + ". Allowed values: {" + values + "}";
}

}  // namespace freshet::api
