#pragma once

#include <optional>
#include <string>
#include <string_view>

// Rules of the New York Public Library's API that are tested on their own.

namespace freshet::nypl_rules {

/// File type in a link's description, where it stands as a word: `Cropped .jpeg (1600 pixels …`.
std::optional<std::string> filetype_of(std::string_view description);

}  // namespace freshet::nypl_rules
