#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace freshet::flickr_rules {

/// A description without its markup, up to 2,000 characters; nothing for a blank one.
std::optional<std::string> description_of(std::string_view html);

/// Tags out of one text, of which 2,000 characters count.
json::array tags_of(std::string_view text);

}  // namespace freshet::flickr_rules
