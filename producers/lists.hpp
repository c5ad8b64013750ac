#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace freshet {

/// Texts and numbers of a list with `separator` between them; empty for an empty list, nothing for
/// what is no list. @throws WrongShape  an element is something else.
std::optional<std::string> joined(const json::value& list, std::string_view separator);

/// First element of a list, whatever it is; `otherwise` where the list is missing, null or empty.
/// @throws WrongShape  for what is no list.
json::value first_element(const json::value& list, json::value otherwise = nullptr);

}  // namespace freshet
