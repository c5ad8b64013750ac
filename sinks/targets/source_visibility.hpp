#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "core/config.hpp"
#include "core/metrics.hpp"
#include "core/policy.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// Keeps what the API reads of `media.policy.v1`, the table `source_visibility` and the row
/// `sources` of `policy_rule`, on a thread of its own. A change shows within about a second; a
/// database that is away gets it when it is back.
std::unique_ptr<SinkCompanion> make_source_visibility(const Config& config, Metrics& metrics,
                                                      std::stop_token stop);

/// `[{"source","hidden","at","by","why","version"},…]`: what policy says about the visibility of
/// sources, each source once, whatever the case of its name.
std::string encode_source_visibility(const Policy& policy);

/// `["name",…]`: those of `names` of which policy says something, compared without case
/// (`fold_case`).
std::string encode_spoken_of(const Policy& policy, std::span<const std::string> names);

}  // namespace freshet
