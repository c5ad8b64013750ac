#pragma once

#include <string>
#include <variant>

#include "api/http_message.hpp"
#include "api/items.hpp"

namespace freshet::api {

/// The work that an oEmbed request is about: its canonical identifier and the URL as given.
struct OembedTarget {
  std::string identifier;
  std::string url;
};

/// Reads `url` of `/v1/images/oembed/`: an absolute URL (http, https, ftp, ftps) on any host whose
/// last path segment is a UUID, perhaps with a slash behind it; else what stands behind the last
/// slash of all. Hosts may be of any script, and what follows them may hold any letters but white
/// space.
/// @return the target, or the 400 that refuses it
std::variant<OembedTarget, Reply> parse_oembed(const Query& query);

/// 400 whose field is a sentence and whose message is the URL, as the wire has it.
Reply oembed_error(std::string_view sentence, const std::string& url);

/// The oEmbed object of an image. Sizes that no source told are null: nothing is downloaded here.
std::string build_oembed(const WorkRow& row);

}  // namespace freshet::api
