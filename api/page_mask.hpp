#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace freshet::api {

/// Of a query's hits, in their order: `1` for one that was shown, `0` for one whose link is dead.
/// `-` is no hit, but a place that a page was too short to fill: the next one begins behind the
/// hits that the page was made of, not behind as many more. What lies behind its end is taken for
/// live.
using PageMask = std::string;
inline constexpr char kUnfilled = '-';

/// A part of the hits of a query: from `start`, so many.
struct Window {
  std::size_t start = 0;
  std::size_t size = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

/// Where a page begins, as a number of hits: behind those of the pages before it.
std::size_t page_start(const PageMask& mask, int page_size, int page);

/// The mask once a page was made of the hits from `start` on: what stood before stays, so that
/// pages that a client has seen stay where they were.
/// @param shown  `1` and `0` of these hits, and `-` for places left unfilled
PageMask with_page(const PageMask& mask, std::size_t start, std::string_view shown);

/// Nothing but what a mask is made of, and not longer than results go: what lies in Redis may be
/// anything.
bool is_page_mask(std::string_view text);

}  // namespace freshet::api
