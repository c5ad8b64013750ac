#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace freshet {

namespace json = boost::json;

/// Parses UTF-8 JSON. Depth up to 128.
/// @error Errc::malformed_payload, Retry::never: with the place and the rule.
Result<json::value> parse_json(std::string_view text);

/// Compact UTF-8, non-ASCII written literally. Deterministic: members in the order of the object.
std::string to_json(const json::value& value);
void append_json_string(std::string& out, std::string_view text);  ///< with quotes, escaped

/// The value at a JSON pointer (`/a/0/b`), or null where any step is missing.
const json::value& value_at(const json::value& root, std::string_view pointer);
/// The text at a pointer, nothing where it is missing or not a string.
std::optional<std::string_view> text_at(const json::value& root, std::string_view pointer);

/// Empty as providers' rules mean it: missing, null, "", 0, [], {} or false.
bool is_empty(const json::value& value);

}  // namespace freshet
