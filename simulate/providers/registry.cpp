#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "core/hash.hpp"
#include "simulate/providers/provider.hpp"

// One line per provider: the function of that name in `<name>.cpp`.
#define FRESHET_MADE_UP_PROVIDERS(X) \
  X(auckland_museum)                 \
  X(brooklyn_museum)                 \
  X(cc_mixter)                       \
  X(cleveland_museum)                \
  X(europeana)                       \
  X(finnish_museums)                 \
  X(flickr)                          \
  X(freesound)                       \
  X(jamendo)                         \
  X(justtakeitfree)                  \
  X(metropolitan_museum)             \
  X(museum_victoria)                 \
  X(nappy)                           \
  X(nypl)                            \
  X(phylopic)                        \
  X(rawpixel)                        \
  X(science_museum)                  \
  X(smithsonian)                     \
  X(smk)                             \
  X(stocksnap)                       \
  X(wikimedia_commons)               \
  X(wordpress)

namespace freshet::simulate {

#define X(name) std::unique_ptr<MadeUpProvider> name(const World& world);
FRESHET_MADE_UP_PROVIDERS(X)
#undef X

std::vector<std::unique_ptr<MadeUpProvider>> made_up_providers(const World& world) {
  std::vector<std::unique_ptr<MadeUpProvider>> all;
#define X(name) all.push_back(name(world));
  FRESHET_MADE_UP_PROVIDERS(X)
#undef X
  return all;
}

Dice World::dice(std::string_view provider, std::uint64_t number, std::uint64_t about) const {
  return {seed ^ xxh3(provider, about), number};
}

Reply json_reply(const boost::json::value& value, int status) {
  return {
      status, {{"Content-Type", "application/json; charset=utf-8"}}, boost::json::serialize(value)};
}

std::uint64_t number_parameter(const http::Query& query, std::string_view name,
                               std::uint64_t otherwise) {
  const auto text = parameter(query, name);
  std::uint64_t number = 0;
  if (!text ||
      std::from_chars(text->data(), text->data() + text->size(), number).ptr !=
          text->data() + text->size() ||
      text->empty()) {
    return otherwise;
  }
  return number;
}

std::uint64_t positive_parameter(const http::Query& query, std::string_view name,
                                 std::uint64_t otherwise) {
  return std::max<std::uint64_t>(number_parameter(query, name, otherwise), 1);
}

}  // namespace freshet::simulate
