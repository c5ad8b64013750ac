#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace freshet {

/// What "newer" means between two sightings of one work: a total order. `rules` stands before the
/// hash so that a corrected clean rule beats its own old result when a topic is read again.
struct Stamp {
  UtcTime fetched_at;
  std::uint32_t rules = 0;         ///< kRulesVersion under which it was cleaned
  std::uint64_t content_hash = 0;  ///< see `content_hash`; also the fingerprint
  friend constexpr auto operator<=>(const Stamp&, const Stamp&) = default;
};

/// XXH3-64 of the raw bytes of a sighting's `work` member, seeded with the rules version: other
/// rules make every sighting look changed, so that it is cleaned again.
std::uint64_t content_hash(std::string_view work, std::uint32_t rules) noexcept;

/// `["2026-11-21T00:19:33.000001Z",3,"9f86d081884c7d65"]`
void append_stamp(std::string& out, const Stamp& stamp);

/// Reads what `append_stamp` wrote.
std::optional<Stamp> parse_stamp(std::string_view json);

/// Appends `2026-11-21T00:19:33.000001Z` (27 characters) for years 1 to 9999. @param digits 3 or 6.
void append_time(std::string& out, UtcTime time, int digits);

/// Reads exactly what `append_time` writes with six digits, falling back to `parse_time`.
std::optional<UtcTime> parse_stamp_time(std::string_view text);

/// Times that a sighting may carry: 1970 to 2105, what the hot table's 52 bits hold.
inline constexpr UtcTime kEarliestSighting{0};
inline constexpr UtcTime kLatestSighting{(std::int64_t{1} << 52) - 1};

}  // namespace freshet
