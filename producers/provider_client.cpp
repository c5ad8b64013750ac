#include "producers/provider_client.hpp"

#include "core/hash.hpp"
#include "core/http/curl_client.hpp"
#include "core/http/curl_multi_client.hpp"

namespace freshet {

std::unique_ptr<http::HttpClient> provider_client(const ProviderSpec& spec, const Config& config,
                                                  const std::stop_token& stop) {
  http::CurlOptions options;
  options.user_agent = config.http.user_agent;
  options.mirror = config.http.mirror;
  options.stop = stop;
  if (spec.in_flight > 1) {
    return std::make_unique<http::CurlMultiClient>(options, spec.in_flight);
  }
  return std::make_unique<http::CurlClient>(options);
}

std::shared_ptr<http::RateLimits> provider_limits(const ProviderSpec& spec, const Config& config) {
  if (!config.http.mirror.empty() && !config.http.mirror_waits) {
    return std::make_shared<http::RateLimits>(spec.delay);
  }
  // A mirror is another server: what it is asked says nothing of the original.
  const std::string where =
      config.http.mirror.empty() ? "" : "." + to_hex(xxh3(config.http.mirror));
  return std::make_shared<http::RateLimits>(
      spec.delay, [command = spec.command, where](const std::string& host) {
        return http::shared_rate_cells(command + "@" + host + where);
      });
}

}  // namespace freshet
