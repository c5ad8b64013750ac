#pragma once

#include <memory>

#include "core/key.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// A sink that writes works of one media type only. Of others a batch has nothing to write: they
/// count as stale.
std::unique_ptr<Sink> make_only_media(std::unique_ptr<Sink> inner, MediaType media_type);

}  // namespace freshet
