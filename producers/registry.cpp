#include "producers/registry.hpp"

// The one list. Explicit, because a linker drops an object file of a static library that only
// registers itself. In alphabetical order; each name is the factory at the end of
// providers/<name>.cpp and the command's name.
#define FRESHET_PROVIDERS(X) \
  X(auckland_museum)         \
  X(brooklyn_museum)         \
  X(cc_mixter)               \
  X(cleveland_museum)        \
  X(europeana)               \
  X(finnish_museums)         \
  X(flickr)                  \
  X(freesound)               \
  X(inaturalist)             \
  X(jamendo)                 \
  X(justtakeitfree)          \
  X(metropolitan_museum)     \
  X(museum_victoria)         \
  X(nappy)                   \
  X(nypl)                    \
  X(phylopic)                \
  X(rawpixel)                \
  X(science_museum)          \
  X(smithsonian)             \
  X(smk)                     \
  X(stocksnap)               \
  X(wikimedia_commons)       \
  X(wordpress)

namespace freshet {

#define X(name) std::unique_ptr<Provider> name();
FRESHET_PROVIDERS(X)
#undef X

const std::vector<RegisteredProvider>& providers() {
  static const std::vector<RegisteredProvider> list{
#define X(name) {#name, &name},
      FRESHET_PROVIDERS(X)
#undef X
  };
  return list;
}

const RegisteredProvider* find_provider(std::string_view command) {
  for (const RegisteredProvider& provider : providers()) {
    if (provider.command == command) {
      return &provider;
    }
  }
  return nullptr;
}

}  // namespace freshet
