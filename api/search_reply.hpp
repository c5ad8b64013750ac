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
  std::vector<std::string> fields_matched;  ///< which fields were highlighted, as they came
};

struct Hits {
  std::int64_t total = 0;
  std::vector<Hit> hits;
};

/// Reads the reply to `_search`: `hits.total` as a number or as `{value, relation}`, and of each
/// hit its `_id` and the names in `highlight`.
///
/// @error  Errc::malformed_payload, Retry::never: not that shape.
///         Errc::store_refused, Retry::after_backoff: a part of the shards did not answer, so that
///         the page would silently lack works.
Result<Hits> read_hits(std::string_view body);

/// Reads `aggregations.sources.buckets` into works by source.
/// @error  as `read_hits`
Result<std::map<std::string, std::int64_t>> read_source_counts(std::string_view body);

/// What an error reply of Elasticsearch says, for people: type and reason of the root cause; the
/// body's beginning where it is not in that shape.
std::string read_search_error(std::string_view body);

}  // namespace freshet::api
