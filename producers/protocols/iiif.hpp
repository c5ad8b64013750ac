#pragma once

#include <memory>
#include <string>

#include "producers/provider.hpp"

namespace freshet {

/// Which collection is read, and how.
struct IiifOptions {
  std::string collection{};  ///< address of a collection, a manifest, or a list of changes
  std::string name{};        ///< of its records; empty: of its host
  std::int64_t images = 1;   ///< pictures taken of one manifest, from the first; 0: all
  std::chrono::milliseconds delay{1'000};
};

/// Reads a IIIF collection of Presentation 2 or 3 and the collections in it, a single manifest, or
/// a list of changes (Change Discovery, from the newest back).
///
/// Each manifest takes a request, and makes a work per picture or sound: the first has the
/// manifest's address as its identifier, the n-th `<address>#<n>`. With a date, a list of changes
/// is read for that day; what it says was deleted is said to be removed. Licences are what `rights`
/// or `license` of canvas or manifest mean (producers/rights.hpp).
/// @throws StartupError  the collection is no web address.
/// @source  IIIF Presentation API 2.1 and 3.0; Change Discovery API 1.0; Image API 2.1 and 3.0.
std::unique_ptr<Provider> make_iiif(IiifOptions options);

}  // namespace freshet
