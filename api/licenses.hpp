#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::api {

/// The licence slugs that may be searched for, ascending.
std::span<const std::string_view> license_slugs();
bool is_license(std::string_view slug);

/// The slugs of a `license_type`, ascending; empty for a type that does not exist. The groups are
/// those of the v1 API: `all-cc` leaves out the public domain mark, `commercial` the -nc- ones,
/// `modification` the -nd ones.
std::vector<std::string> licenses_of_type(std::string_view type);

/// Where a licence is explained.
/// @param stored  what the provider gave with the work, used as it is when it is a URL
/// @return nothing for an unknown slug or version
std::optional<std::string> license_url(std::string_view slug, std::string_view version,
                                       std::string_view stored);

/// How to credit a work, in plain English; nothing for an unknown licence.
/// @param url  of the licence; empty leaves the last sentence out
std::optional<std::string> attribution(std::string_view title, std::string_view creator,
                                       std::string_view slug, std::string_view version,
                                       std::string_view url);

}  // namespace freshet::api
