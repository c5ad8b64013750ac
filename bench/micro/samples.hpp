#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulate/generator.hpp"

namespace freshet::bench {

/// One record of `media.raw.v1`.
struct Sample {
  std::string key;
  std::string value;
};

/// Sightings made up by the simulator, without bad records: `works` works, then, where the stream
/// says so, some of them again.
std::vector<Sample> generated(std::uint64_t works, simulate::StreamPart part, double recrawl,
                              simulate::WorkOrder order = simulate::WorkOrder::ascending);

/// Sightings of the real rows, where ../shared/fixtures stands beside the project; else none.
std::vector<Sample> real_rows();

/// The raw bytes of `work` of each.
std::vector<std::string> works_of(const std::vector<Sample>& samples);

}  // namespace freshet::bench
