#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "core/commands.hpp"
#include "core/config.hpp"
#include "core/http/http_client.hpp"
#include "core/key.hpp"
#include "core/result.hpp"
#include "operate/explain.hpp"
#include "operate/sums.hpp"

namespace freshet {

/// For how long a store may count its works. Whoever wants the truth waits; a page does not.
constexpr std::chrono::seconds kPatientCount{10 * 60};
constexpr std::chrono::seconds kPageCount{5};

/// Rows of the views `image_live` and `audio_live`, in one snapshot. Reads every row. PostgreSQL
/// stops counting, too, when the limit is over.
/// @error Errc::unreachable: no connection within some seconds, or a stop was asked for; timed_out:
///        it took longer than the limit; store_refused: no such view, or the like.
Result<LiveCounts> count_postgres(const std::string& dsn, const std::stop_token& stop,
                                  std::chrono::seconds limit = kPatientCount);

enum class Refresh { no, yes };
/// Documents behind the aliases `image` and `audio` (live ones only). Without a refresh it counts
/// those that can be searched now, with a refresh all that were written.
/// @error Errc::unreachable; http_status: no such alias; malformed_payload.
Result<LiveCounts> count_elasticsearch(http::HttpClient& client,
                                       const Config::Elasticsearch& config, Refresh refresh);

/// A store whose live works can be counted.
struct StoreCounter {
  std::string_view role;  ///< that fills it: `sink.postgres`
  std::string_view title;
  std::function<Result<LiveCounts>(Refresh)> count;
};
/// The stores of the catalogue, in the order of their roles. What is returned needs `context`.
std::vector<StoreCounter> store_counters(const Context& context,
                                         std::chrono::seconds limit = kPatientCount);

/// One work's row, in whatever status; nothing: there is none.
/// @error as `count_postgres`.
Result<std::optional<StoredLine>> find_row(const std::string& dsn, const WorkKeyView& key,
                                           const std::stop_token& stop);

/// One work's document, in whatever status, also when it is not searchable yet.
/// @error as `count_elasticsearch`.
Result<std::optional<StoredLine>> find_document(http::HttpClient& client,
                                                const Config::Elasticsearch& config,
                                                MediaType media_type,
                                                const std::string& identifier);

/// Where the Postgres sink goes on reading, by partition; a partition it never had is absent.
/// @param group, topic  with the prefix.
/// @error Errc::unreachable, timed_out, store_refused: there is no such table, or the like.
Result<std::map<std::int32_t, std::int64_t>> read_postgres_offsets(const std::string& dsn,
                                                                   const std::string& group,
                                                                   const std::string& topic);

/// Sets where the Postgres sink goes on reading: its offsets are in the database.
/// @param group, topic  with the prefix, as the table `sink_offsets` has them.
/// @error Errc::unreachable, timed_out, store_refused; unknown_outcome: it was lost while it
///        committed.
Result<void> set_postgres_offsets(const std::string& dsn, const std::string& group,
                                  const std::string& topic,
                                  const std::map<std::int32_t, std::int64_t>& next_offsets);

}  // namespace freshet
