#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.hpp"

// Small conversions that the rules of several providers share.

namespace freshet {

/// The members that are not null.
json::object without_nulls(json::object object);

/// A plain decimal number with white space around it, not infinite; nothing for any other text.
std::optional<double> plain_number(std::string_view text);

/// `text` as a part of a URL's path: %XX for every byte but letters, digits and `-._~/`.
std::string encode_path(std::string_view text);

}  // namespace freshet
