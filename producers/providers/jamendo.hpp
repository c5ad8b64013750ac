#pragma once

#include <string>
#include <string_view>

namespace freshet::jamendo_rules {

/// `url` without one query parameter. The query is written anew: blank values disappear, and
/// repeated names are put together where the first of them was.
std::string without_query_parameter(const std::string& url, std::string_view name);

/// `https://host?x` as `https://host/?x`: Jamendo leaves the slash out, and clean would then not
/// find the host. A URL that has `/?` already stays as it is.
std::string with_slash_before_query(std::string url);

/// Part of an album's page URL: `Opera I / II` is `opera-i-ii`.
std::string album_slug(std::string_view name);

}  // namespace freshet::jamendo_rules
