#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "simulate/providers/provider.hpp"

namespace freshet::simulate {

/// All made-up providers behind one mirror address, with the faults of real ones: now and then the
/// first request for something is answered by 429 with `Retry-After`, by 500 or by 503, and the
/// next one correctly.
///
/// Which requests fail is a function of the seed and the request. One thread at a time.
class ProviderServer {
 public:
  /// @param error_rate  share of distinct requests whose first answer is an error.
  ProviderServer(const World& world, double error_rate);

  Reply handle(const Request& request);

  /// JSON object by provider command: `emitted` by media type, `dropped` by reason,
  /// `rejected`, `no_open_license` (dropped by clean), `live` (works in the end).
  std::string truth() const;

 private:
  bool fails_first(const std::string& target) const;

  World world_;
  double error_rate_;
  std::vector<std::unique_ptr<MadeUpProvider>> providers_;
  std::map<std::string, const MadeUpProvider*, std::less<>> by_host_;
  std::set<std::string> failed_once_;
};

}  // namespace freshet::simulate
