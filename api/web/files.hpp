#pragma once

#include <map>
#include <string>
#include <string_view>

namespace freshet::api::web {

/// The files below `web/` by their path there: templates, assets, compiled catalogues.
using Files = std::map<std::string, std::string, std::less<>>;

/// Those in the binary.
const Files& embedded_files();

/// Those in the binary, with what a directory has in their place or beside them. Catalogues stay
/// those in the binary.
/// @error StartupError when the directory cannot be read.
Files files_with(const std::string& directory);

}  // namespace freshet::api::web
