#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet::http {

/// Host of an absolute http or https URL in lower case, without port. Nothing for any other text.
std::optional<std::string> host_of(std::string_view url);

/// `https://host:443` of an absolute http or https URL: scheme, host in lower case, and port, also
/// where the URL leaves it to the scheme. Nothing for any other text.
/// @source  RFC 6454 §4.
std::optional<std::string> origin_of(std::string_view url);

/// `url` with every byte that a URL may not hold (spaces, controls, non-ASCII, `"<>\^`{|}`) as %XX:
/// providers' own links are not always encoded. What is encoded already stays as it is.
std::string encode_url(std::string_view url);

/// What a `Location` header means at `base`: absolute, scheme-relative, path or query only. The
/// fragment is dropped. Nothing when the result is not an http or https URL.
/// @source  RFC 3986 §5.2; RFC 9110 §10.2.2.
std::optional<std::string> resolve_url(std::string_view base, std::string_view location);

/// `https://api.example/v1?q=1` as a mirror serves it: `<mirror>/api.example/v1?q=1`. A port other
/// than the scheme's own stays with the host.
/// @param mirror  absolute URL, with or without a path; a trailing slash does not count.
/// @param url     absolute http or https URL.
std::string to_mirror(std::string_view mirror, std::string_view url);

/// The opposite of `to_mirror`, for a `Location` that names the mirror itself. The scheme is not
/// part of a mirrored URL, so `scheme` gives it. Nothing when `url` does not lie below the mirror.
std::optional<std::string> from_mirror(std::string_view mirror, std::string_view url,
                                       std::string_view scheme);

}  // namespace freshet::http
