#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

// Rules of the Smithsonian's API that are tested on their own.

namespace freshet::smithsonian_rules {

/// Creator of a row: names in free text by the rank of their label, else the first personal main
/// entry of the index. Nothing where neither names anybody.
std::optional<std::string> creator_of(const json::value& row);

/// The source that a unit's records belong to, or nothing for a code that is not known.
std::optional<std::string_view> source_of(std::string_view unit_code);

/// How the codes that the API reports differ from the known ones, as a sentence; nothing: not.
std::optional<std::string> compare_unit_codes(std::vector<std::string> reported);

/// `00` to `ff`: all hexadecimal numbers of so many digits, in order.
std::vector<std::string> hash_prefixes(int digits);

}  // namespace freshet::smithsonian_rules
