#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/message.hpp"
#include "simulate/random.hpp"

namespace freshet::simulate {

/// What made-up providers are made from.
struct World {
  std::uint64_t works = 200;  ///< raw records per provider: what its list holds
  std::uint64_t seed = 1;

  /// Choices about one thing; `about` keeps those of different things apart.
  Dice dice(std::string_view provider, std::uint64_t number, std::uint64_t about = 0) const;
};

/// What one whole run of a provider's producer must do.
struct ProviderTruth {
  std::map<std::string, std::uint64_t> emitted;  ///< sightings, by media type
  std::map<std::string, std::uint64_t> dropped;  ///< by the producer, by reason
  std::uint64_t rejected = 0;                    ///< items without a usable form
  std::uint64_t unlicensed = 0;                  ///< emitted, and dropped by clean
};

/// The API of one provider, with its ways of paging and its quirks, over works that are made up.
///
/// Replies are a function of world and request. One file each, named in `registry.cpp`.
class MadeUpProvider {
 public:
  MadeUpProvider() = default;
  MadeUpProvider(const MadeUpProvider&) = delete;
  MadeUpProvider& operator=(const MadeUpProvider&) = delete;
  virtual ~MadeUpProvider() = default;

  /// The provider command whose requests this answers: `metropolitan_museum`.
  virtual std::string_view command() const = 0;
  virtual std::vector<std::string_view> hosts() const = 0;
  /// @param location  of one of `hosts()`.
  virtual Reply answer(const Location& location) const = 0;
  virtual ProviderTruth truth() const = 0;
};

/// All providers there are, in the order of the registry.
std::vector<std::unique_ptr<MadeUpProvider>> made_up_providers(const World& world);

Reply json_reply(const boost::json::value& value, int status = 200);
/// A whole number from a query, or `otherwise`.
std::uint64_t number_parameter(const http::Query& query, std::string_view name,
                               std::uint64_t otherwise);
/// Likewise, from 1: pages are counted so, and hold something. 0 is taken for 1.
std::uint64_t positive_parameter(const http::Query& query, std::string_view name,
                                 std::uint64_t otherwise);

}  // namespace freshet::simulate
