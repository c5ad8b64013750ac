#pragma once

#include <memory>
#include <stop_token>

#include "core/config.hpp"
#include "core/http/http_client.hpp"

namespace freshet {

/// A client for an archive, as the settings `http.*` say. It tries again by itself, five times, and
/// obeys `Retry-After`. Between requests it does not wait: each brings megabytes, or is one of a
/// few at a time.
std::unique_ptr<http::HttpClient> make_archive_client(const Config& config, std::stop_token stop);

}  // namespace freshet
