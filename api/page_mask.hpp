#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace freshet::api {

/// Of a query's hits, in their order: `1` for one that was shown, `0` for one whose link is dead.
/// What lies behind its end is taken for live.
using PageMask = std::string;

/// A part of the hits of a query: from `start`, so many.
struct Window {
  std::size_t start = 0;
  std::size_t size = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

/// Where a page begins: behind as many live hits as the pages before it have.
std::size_t page_start(const PageMask& mask, int page_size, int page);

/// The mask once a page was made of the hits from `start` on: what stood before stays, so that
/// pages that a client has seen stay where they were.
/// @param shown  `1` and `0` of these hits
PageMask with_page(const PageMask& mask, std::size_t start, std::string_view shown);

/// Nothing but `0` and `1`, and not longer than results go: what lies in Redis may be anything.
bool is_page_mask(std::string_view text);

}  // namespace freshet::api
