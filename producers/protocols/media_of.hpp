#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/key.hpp"

namespace freshet {

/// The medium that a MIME type names (`image/jpeg`, `audio/mpeg`); nothing for any other.
std::optional<MediaType> media_of_type(std::string_view mime_type);
/// The medium of a file by the ending of an address's path; nothing where it says nothing.
std::optional<MediaType> media_of_url(std::string_view url);
bool is_web_address(std::string_view text);

/// A name for records of a source: its host and more, in small letters, digits and `_`.
/// `https://oai.example.org/x?y` with `maps` is `oai_example_org_maps`.
std::string name_of_source(std::string_view url, std::string_view more);

}  // namespace freshet
