#pragma once

#include "core/config.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "operate/sums.hpp"

namespace freshet {

/// Rows of the views `image_live` and `audio_live`, in one snapshot. Reads every row.
/// @error Errc::unreachable: no answer within 5 s; store_refused: no such view, or the like.
Result<LiveCounts> count_postgres(const std::string& dsn);

enum class Refresh { no, yes };
/// Documents behind the aliases `image` and `audio` (live ones only): those that can be searched
/// now, or, with a refresh first, all that were written.
/// @error Errc::unreachable; http_status: no such alias; malformed_payload.
Result<LiveCounts> count_elasticsearch(http::HttpClient& client,
                                       const Config::Elasticsearch& config, Refresh refresh);

/// Sets where the Postgres sink goes on: its own offsets are in the database.
/// @param group, topic  with the prefix, as the table `sink_offsets` has them.
Result<void> set_postgres_offsets(const std::string& dsn, const std::string& group,
                                  const std::string& topic,
                                  const std::map<std::int32_t, std::int64_t>& next_offsets);

}  // namespace freshet
