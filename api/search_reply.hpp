#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace freshet::api {

struct Hit {
  std::string identifier;
  std::vector<std::string> fields_matched;  ///< of `title`, `description`, `tags.name`, so ordered
};

struct Hits {
  std::int64_t total = 0;
  std::vector<Hit> hits;
  std::string last_sort;  ///< JSON list, of the last hit: `search_after` of the next page
  std::string point;      ///< the point in time to ask next, where one was asked
  /// What a shard whose hits are missing could not do with one of its documents; empty: none are.
  std::string lacking;
};

/// Reads the reply to `_search`: `hits.total` as a number or as `{value, relation}`, and of each
/// hit its identifier, which is the last value of `sort` or else `_id`, and the names in
/// `matched_queries`.
///
/// A shard that failed on what it holds will fail again, so the others' hits are an answer.
///
/// @error  Errc::malformed_payload, Retry::never: not that shape.
///         Errc::unreachable, Retry::after_backoff: a part of the shards is away or busy, so that
///         the page would lack works that it has a moment later.
///         Errc::timed_out, Retry::after_backoff: the index says that it took too long.
Result<Hits> read_hits(std::string_view body);

/// What the index holds of the sources, by their names, each spelling for itself.
struct SourceCounts {
  std::map<std::string, std::int64_t> works;
  /// When the newest of them changed, in milliseconds since 1970; not of every source where the
  /// index was made before it knew such times.
  std::map<std::string, std::int64_t> newest;
};

/// Reads `aggregations.sources.buckets`.
/// @error  as `read_hits`, and `unreachable` whatever a shard failed on: a sum without it is wrong
Result<SourceCounts> read_source_counts(std::string_view body);

/// What an error reply of Elasticsearch says, for people: type and reason of the root cause; the
/// body's beginning where it is not in that shape.
std::string read_search_error(std::string_view body);

}  // namespace freshet::api
