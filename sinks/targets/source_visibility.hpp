#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/config.hpp"
#include "core/metrics.hpp"
#include "core/policy.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// Keeps the table `source_visibility` as `media.policy.v1` says, on a thread of its own: what is
/// said shows within about a second, and a database that is away gets it when it is back.
std::unique_ptr<SinkCompanion> make_source_visibility(const Config& config, Metrics& metrics,
                                                      std::stop_token stop);

/// `[{"source","hidden","at","by","why","version"},…]`: what policy says about sources.
std::string encode_source_visibility(const Policy& policy);

}  // namespace freshet
