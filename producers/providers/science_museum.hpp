#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::science_museum_rules {

/// `CC-BY-NC-SA 4.0` as slug and version (`by-nc-sa`, `4.0`). Nothing for a text that does not have
/// exactly one space behind the leading `cc`. The meaning of the two parts is not judged here.
std::optional<std::pair<std::string, std::string>> read_license(std::string_view text);

/// Ranges of years, each short enough that its pages stay below the API's page cap, up to
/// `final_year`: the last one is cut.
std::vector<std::pair<int, int>> year_ranges(int final_year);

}  // namespace freshet::science_museum_rules
