#pragma once

#include <string>
#include <vector>

#include "bench/micro/samples.hpp"

namespace freshet::bench {

/// Records of `media.catalog.v1` that a processor makes of these sightings.
std::vector<Sample> catalogue_of(const std::vector<Sample>& sightings);

}  // namespace freshet::bench
