#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "sinks/sink.hpp"
#include "sinks/store_record.hpp"

namespace freshet {

/// Appends the two lines of one record to the body of a bulk request: index it under its identifier
/// with its revision as external version, through the write alias `<prefix><media type>-write`.
///
/// The document has what searching needs, and no empty members; what is shown comes from Postgres.
/// A work that is not live becomes a stub of `identifier`, `revision` and `status`: Elasticsearch
/// forgets the version of a deleted document after a minute, a stub keeps it.
///
/// @param index_prefix  goes before the alias; a valid index name part, not escaped.
/// @thread_safety  Pure function.
/// @source  docs/sinks.md, "Search documents".
void append_bulk_item(std::string& out, const StoreRecord& record, std::string_view index_prefix);

/// Sorts the reply to one bulk request into records written and records refused.
///
/// A 200 reply can still refuse single records, so each item is judged by its own status. Written:
/// 2xx. Stale: 409 (this or a newer version is indexed already). Refused for good: 400 whose error
/// is about the document, and 413. Refused for now: the rest (404 no index, 403 write block, 429,
/// 5xx, 400 about an alias or a closed index).
///
/// @param body  UTF-8 JSON object: `took` (ms, unused), `items` (one per record, in request order).
/// @param sent  number of records in the request.
/// @return `written + stale + rejected.size() == sent`; `rejected[].index` counts from 0 into the
///         request.
/// @error  Errc::malformed_payload, Retry::after_backoff: not JSON, or `items` is not `sent` long.
/// @thread_safety  Pure function.
/// @source  Elasticsearch reference, "Bulk API", response body; seen with 7.17 and OpenSearch 2.19.
Result<WriteReport> read_bulk_response(std::string_view body, std::size_t sent);

/// What the status of a whole bulk request means for its records.
enum class BulkVerdict {
  read,   ///< 200: judge each item
  split,  ///< 413 or 400: too large, or one of them spoils the request; halve it
  wait,   ///< anything else: the same again later
};
BulkVerdict judge_bulk_status(int status) noexcept;

}  // namespace freshet
