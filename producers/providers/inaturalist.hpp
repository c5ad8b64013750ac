#pragma once

#include <memory>

#include "producers/inaturalist/join.hpp"
#include "producers/provider.hpp"

namespace freshet {

/// With other sizes of the join and of a page than in use, so that a few lines make several of
/// each.
std::unique_ptr<Provider> make_inaturalist(bulk::JoinOptions options, std::int64_t page);

}  // namespace freshet
