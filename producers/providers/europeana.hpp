#pragma once

#include <string>

#include "core/json.hpp"

namespace freshet::europeana_rules {

/// What an item is, in English if it can be, else in a language that is not named; trimmed, empty
/// where nothing is said. @throws WrongShape a member of another type.
std::string description_of(const json::value& item);

}  // namespace freshet::europeana_rules
