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
  /// What a shard whose hits are missing could not do with one of its documents; empty: none are.
  std::string lacking;
};

/// Reads the reply to `_search`: `hits.total` as a number or as `{value, relation}`, and of each
/// hit its `_id` and the names in `matched_queries`.
///
/// A shard that failed on what it holds will fail again, so the others' hits are an answer.
///
/// @error  Errc::malformed_payload, Retry::never: not that shape.
///         Errc::unreachable, Retry::after_backoff: a part of the shards is away or busy, so that
///         the page would lack works that it has a moment later.
///         Errc::timed_out, Retry::after_backoff: the index says that it took too long.
Result<Hits> read_hits(std::string_view body);

/// Reads `aggregations.sources.buckets` into works by source.
/// @error  as `read_hits`, and `unreachable` whatever a shard failed on: a sum without it is wrong
Result<std::map<std::string, std::int64_t>> read_source_counts(std::string_view body);

/// What an error reply of Elasticsearch says, for people: type and reason of the root cause; the
/// body's beginning where it is not in that shape.
std::string read_search_error(std::string_view body);

}  // namespace freshet::api
