#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace freshet::wikimedia_rules {

/// A file's name as a title: without a leading `File:` and a well-known extension.
std::string title_of(std::string_view name);

struct Creator {
  std::optional<std::string> name;
  std::optional<std::string> url;  ///< first link; may lack its scheme (`//commons.…`)
};

/// @param artist  HTML of `extmetadata.Artist.value`; null, blank or commented out: nobody is
/// named.
/// @throws WrongShape  not a text.
Creator creator_of(const json::value& artist);

}  // namespace freshet::wikimedia_rules
