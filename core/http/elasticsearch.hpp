#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "core/config.hpp"
#include "core/http/curl_client.hpp"

namespace freshet::http {

/// How every exchange with Elasticsearch is made, but those of the API, which has a client of its
/// own: as the settings `elasticsearch.*` and `http.user_agent` say.
///
/// @param connect_timeout  a command's user waits for it; a role has time.
CurlOptions elasticsearch_options(const Config& config, std::stop_token stop,
                                  std::chrono::milliseconds connect_timeout = std::chrono::seconds{
                                      10});

/// What to say of a 401 or 403: which of the settings, or which right, is wrong. One line.
std::string refused_access(const std::string& url, const Response& response);

/// `elasticsearch.url` without slashes at its end, for a path to be added.
std::string elasticsearch_base(std::string url);

}  // namespace freshet::http
