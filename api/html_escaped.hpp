#pragma once

#include <string>
#include <string_view>

namespace freshet::api {

/// Text as it stands in HTML, between tags and in quoted attributes alike.
std::string html_escaped(std::string_view text);

}  // namespace freshet::api
