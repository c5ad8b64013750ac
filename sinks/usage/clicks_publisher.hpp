#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "sinks/sink.hpp"

namespace freshet::usage {

/// One record of `usage.clicks.v1` (schemas/records/usage-clicks.schema.json).
struct WorkClicks {
  struct AtRank {
    std::int64_t rank = -1;
    std::int64_t impressions = 0;
    std::int64_t clicks = 0;
  };
  std::string hour;  ///< `2026-11-30T12:00:00.000Z`
  std::string identifier;
  std::optional<std::string> media_type;
  std::vector<AtRank> by_rank;  ///< in ascending order

  std::string key() const { return hour + "|" + identifier; }
};

/// The value of its record.
std::string encode_clicks(const WorkClicks& clicks);

/// Says on `usage.clicks.v1` what was shown and chosen in hours that are over, and says it again
/// where late events changed it. It is done when nothing that may be said is unsaid.
std::unique_ptr<SinkCompanion> make_clicks_publisher(const Config& config, std::stop_token stop);

}  // namespace freshet::usage
