#pragma once

#include <memory>
#include <stop_token>

#include "core/config.hpp"
#include "core/http/http_client.hpp"
#include "core/http/rate_limit.hpp"
#include "producers/provider.hpp"

namespace freshet {

/// The client of a run: one exchange at a time, or as many as the provider has in flight.
/// @param stop  gives up what is under way.
std::unique_ptr<http::HttpClient> provider_client(const ProviderSpec& spec, const Config& config,
                                                  const std::stop_token& stop);

/// The rate limits of a provider, which all its processes on this machine share. Providers share
/// nothing, not even on one host, so none waits for another.
///
/// Behind a mirror that nobody waits for, they are those of one run: its turns are not times.
std::shared_ptr<http::RateLimits> provider_limits(const ProviderSpec& spec, const Config& config);

}  // namespace freshet
