#pragma once

#include <string_view>

namespace freshet {

/// Whether `token` is a number by the grammar of JSON.
bool is_json_number(std::string_view token) noexcept;

/// Whether `text` is a number without a sign as JSON and others write it: digits, a fraction, an
/// exponent, with a digit on at least one side of the point.
bool is_decimal(std::string_view text) noexcept;

/// Value of a decimal with or without a sign; infinite beyond the range of double.
double number_value(std::string_view token) noexcept;

}  // namespace freshet
