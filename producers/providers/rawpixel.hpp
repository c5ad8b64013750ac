#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/http/http_client.hpp"

// Rules of rawpixel's API that are tested on their own.

namespace freshet::rawpixel_rules {

/// Signature of a query: HMAC-SHA256 of the path with its parameters in order of their names, as
/// Base64 for URLs without padding.
std::string sign(const http::Query& query, std::string_view key);

/// A title or description without the phrases of advertisement at its end, entities decoded. The
/// phrases are looked for without regard to words, as in the batch original: `Carefree` is `Care`.
std::string clean_text(std::string_view text);

/// Title of a picture: what stands before the first bar, cleaned, without a full stop. Nothing
/// where nothing is left.
std::optional<std::string> title_of(std::string_view title);

}  // namespace freshet::rawpixel_rules
