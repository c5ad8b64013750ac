#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/key.hpp"

namespace freshet::clean {

/// The media type and file type that the extension in a URL's path stands for, in any case; query
/// and fragment do not count. Nothing for an unknown extension or none.
struct GuessedFiletype {
  MediaType media_type;
  std::string_view name;  ///< `jpg`; static storage
};
std::optional<GuessedFiletype> guess_filetype(std::string_view url) noexcept;

/// Lower case, and one name for types that have two: `jpeg` is `jpg`, `tif` is `tiff`, `midi` is
/// `mid`.
void unify_filetype(std::string& filetype);

}  // namespace freshet::clean
