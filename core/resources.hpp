#pragma once

#include <string_view>
#include <vector>

namespace freshet {

/// The text of a file below `schemas/`, shipped inside the binary: `topics.json`,
/// `postgres/0001_media.sql`. A name that does not exist aborts (FRESHET_CHECK): names are literals
/// of ours.
std::string_view resource(std::string_view path);

/// Names of all embedded files that begin with `prefix`, in ascending order.
std::vector<std::string_view> resource_names(std::string_view prefix);

}  // namespace freshet
