#pragma once

#include <string>
#include <string_view>

namespace freshet::api::web {

/// Text as it stands in XML 1.0. What no XML may hold (most control characters, U+FFFE, U+FFFF)
/// becomes U+FFFD; bytes that are not UTF-8 as well.
std::string xml_escaped(std::string_view text);

/// A part of a query or path: all but letters, digits and `-._~` as `%XX`.
std::string url_encoded(std::string_view text);

/// The address when a browser may be led there: `http` or `https`, with a host and without white
/// space or control characters. Else empty.
std::string web_address(std::string_view url);

}  // namespace freshet::api::web
