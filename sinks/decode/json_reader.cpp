#include "sinks/decode/json_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/utf8.hpp"

namespace freshet::decode {
namespace {

// PostgreSQL limits the nesting of jsonb by its stack only; no provider goes past a handful.
constexpr int kMaxDepth = 100;
// Of a JSON number; PostgreSQL's numeric ends at 16,383 digits behind the point.
constexpr std::size_t kNumberMax = 400;

// Whether PostgreSQL can hold a JSON number in jsonb, where it is a decimal of any length: what a
// double takes for 0, such as 1e-20000, it refuses.
bool is_modest(std::string_view token) {
  const std::size_t exponent = std::min(token.find_first_of("eE"), token.size());
  const std::string_view digits = token.substr(std::min(exponent + 1, token.size()));
  const std::size_t begin = digits.find_first_not_of("+-0");
  return token.size() <= kNumberMax &&
         (begin == std::string_view::npos || digits.find_last_of("0123456789") - begin < 3);
}

}  // namespace

Error broken(std::string_view field, std::string_view rule) {
  return {Errc::invalid_value, std::string{field}, std::string{rule},
          "catalogue record: " + std::string{field} + " breaks rule " + std::string{rule}};
}

Error malformed(std::string_view why) {
  return {Errc::malformed_payload, Retry::never, "catalogue record: " + std::string{why}};
}

Error malformed(simdjson::error_code code) { return malformed(simdjson::error_message(code)); }

bool has_nul(std::string_view text) {
  return std::memchr(text.data(), '\0', text.size()) != nullptr;
}

bool is_longer(std::string_view text, std::size_t code_points) {
  return text.size() > code_points && count_code_points(text) > code_points;
}

bool JsonReader::fail_length(std::string_view field, std::size_t max) {
  return fail(broken(field, "max_length_" + std::to_string(max)));
}

bool JsonReader::get_number(od::value& value, double& to, std::string_view field) {
  std::string_view token = value.raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  return get(value.get_double(), to, field) && (is_modest(token) || fail(broken(field, "number")));
}

bool JsonReader::get_text(od::value& value, std::string_view& to, std::string_view field,
                          std::size_t max) {
  if (!get(value.get_string(), to, field)) {
    return false;
  }
  if (has_nul(to)) {
    return fail(broken(field, "nul"));
  }
  if (max != 0 && is_longer(to, max)) {
    return fail_length(field, max);
  }
  return true;
}

bool JsonReader::get_optional(od::value& value, std::optional<double>& to, std::string_view field) {
  if (is_type(value, od::json_type::null)) {
    return true;
  }
  double number = 0;
  return get(value.get_double(), number, field) && (to = number, true);
}

bool JsonReader::get_time(od::value& value, std::optional<UtcTime>& to, std::string_view field) {
  if (is_type(value, od::json_type::null)) {
    return true;
  }
  std::string_view text;
  if (!get_text(value, text, field)) {
    return false;
  }
  to = parse_time(text);
  if (to && to->micros < 0) {
    return fail(broken(field, "range"));  // there was nothing to see before 1970
  }
  return to ? true : fail(broken(field, "time"));
}

bool JsonReader::check(od::value& value, std::string_view field, int depth) {
  if (depth > kMaxDepth) {
    return fail(broken(field, "depth"));
  }
  od::json_type type;
  if (const auto code = value.type().get(type)) {
    return fail(code);
  }
  switch (type) {
    case od::json_type::object: {
      od::object object;
      return get(value.get_object(), object, field) &&
             each_member(object, field, [&](std::string_view, od::value& member) {
               return check(member, field, depth + 1);
             });
    }
    case od::json_type::array: {
      od::array array;
      return get(value.get_array(), array, field) && each_element(array, [&](od::value& element) {
               return check(element, field, depth + 1);
             });
    }
    case od::json_type::string: {
      std::string_view text;
      return get_text(value, text, field);
    }
    case od::json_type::number: {
      double number = 0;
      return get_number(value, number, field);
    }
    case od::json_type::boolean: {
      bool flag = false;
      return get(value.get_bool(), flag, field);
    }
    case od::json_type::null: {
      bool null = false;
      return get(value.is_null(), null, field);
    }
  }
  return fail(malformed("unknown JSON type"));
}

}  // namespace freshet::decode
