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

}  // namespace freshet
