#pragma once

#include <string>
#include <string_view>

namespace freshet::api::web {

/// Whether `Accept-Encoding` takes gzip: named, or by `*`, and not with `q=0`.
bool accepts_gzip(std::string_view accept_encoding);

/// @param level  of zlib: 1, fast, to 9, small
std::string gzipped(std::string_view text, int level);

}  // namespace freshet::api::web
