#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/caller.hpp"
#include "api/media.hpp"
#include "api/query_string.hpp"

namespace freshet::api {

/// Begins a walk: `cursor=*`.
inline constexpr std::string_view kFirstCursor = "*";

/// Where a walk through a result stands: all that the next page needs, so that no server has to
/// remember it.
struct SearchCursor {
  std::string search;      ///< `search_digest` of what the walk goes through
  std::string point;       ///< point in time of the index
  std::string after;       ///< JSON list: sort values of the last hit
  std::int64_t total = 0;  ///< hits, as they were counted for the first page
  int page = 1;            ///< pages that came before
  friend bool operator==(const SearchCursor&, const SearchCursor&) = default;
};

/// A cursor as text: URL-safe base64 of an HMAC (SHA-256, 16 bytes) and what it vouches for.
/// @param key  what only servers of this catalogue know
std::string sign_cursor(const SearchCursor& cursor, std::string_view key);

/// @return nothing where a cursor was altered, or another catalogue gave it
std::optional<SearchCursor> read_cursor(std::string_view text, std::string_view key);

/// What a cursor is bound to: kind of work, the parameters that a search heeds, in whatever order
/// they were sent, and whether the caller has a token, on which the order of results may depend.
std::string search_digest(const Query& query, Media media, const Caller& caller);

}  // namespace freshet::api
