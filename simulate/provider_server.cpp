#include "simulate/provider_server.hpp"

#include <boost/json.hpp>

#include "core/hash.hpp"

namespace freshet::simulate {

ProviderServer::ProviderServer(const World& world, double error_rate)
    : world_{world}, error_rate_{error_rate}, providers_{made_up_providers(world)} {
  for (const auto& provider : providers_) {
    for (const std::string_view host : provider->hosts()) {
      by_host_.emplace(host, provider.get());
    }
  }
}

bool ProviderServer::fails_first(const std::string& target) const {
  Dice dice{world_.seed, xxh3(target)};
  return static_cast<double>(dice.next() >> 11U) * 0x1p-53 < error_rate_;
}

Reply ProviderServer::handle(const Request& request) {
  const Location location = parse_target(request.target);
  const auto provider = by_host_.find(location.host);
  if (provider == by_host_.end()) {
    return {404, {{"Content-Type", "text/plain"}}, "no made-up provider has this host\n"};
  }
  if (fails_first(request.target) && failed_once_.insert(request.target).second) {
    switch (xxh3(request.target, 1) % 3) {
      case 0:
        return {429, {{"Retry-After", "1"}}, "slow down\n"};
      case 1:
        return {503, {{"Content-Type", "text/html"}}, "<html>unavailable</html>\n"};
      default:
        return {500, {{"Content-Type", "text/plain"}}, "internal error\n"};
    }
  }
  return provider->second->answer(location);
}

std::string ProviderServer::truth() const {
  namespace json = boost::json;
  json::object all;
  for (const auto& provider : providers_) {
    const ProviderTruth truth = provider->truth();
    std::uint64_t emitted = 0;
    for (const auto& [media, count] : truth.emitted) {
      emitted += count;
    }
    all[provider->command()] = {{"emitted", json::value_from(truth.emitted)},
                                {"dropped", json::value_from(truth.dropped)},
                                {"rejected", truth.rejected},
                                {"no_open_license", truth.unlicensed},
                                {"live", emitted - truth.unlicensed}};
  }
  return json::serialize(all) + "\n";
}

}  // namespace freshet::simulate
