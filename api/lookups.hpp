#pragma once

#include <string>
#include <variant>
#include <vector>

#include "api/endpoint.hpp"
#include "api/items.hpp"
#include "api/search_reply.hpp"

namespace freshet::api {

/// How long anyone may keep a page with works. Seconds, not the days of upstream: a work that is
/// taken down must be gone from caches, too, within seconds. What a cache in front gains is that a
/// popular search costs one request in ten seconds.
constexpr std::chrono::seconds kWorksCache{10};

// What several endpoints ask the stores. Each coroutine is awaited at once by its caller: what it
// refers to outlives it.

/// The reply where a store failed, which is logged and counted: 503 when it may answer a moment
/// later, else 500.
/// @param store  `elasticsearch` or `postgres`
Reply store_failed(ApiMetrics& metrics, std::string_view store, const Error& error);

/// Pins a caller to the same copies of the shards, whose scores may differ a little between copies.
std::string preference_of(const Request& request);

/// Asks the index and reads its hits.
Task<Result<Hits>> ask_index(Services services, const Call& call, std::string query);
/// The hits, or what went wrong, as a reply; a shard that fails on a document is done without.
std::variant<Hits, Reply> accept_hits(Services services, Media media, Result<Hits> hits);

/// The live works among these; what is not live, or of a hidden source, is not there.
Task<std::variant<std::vector<WorkRow>, Reply>> find_rows(Services services, const Call& call,
                                                          const Hits& hits);
/// The live work of `{id}`, as it is shown.
/// @return nothing where there is none, or its source is hidden
Task<std::variant<std::optional<WorkRow>, Reply>> find_work(Services services, const Call& call);

/// When the stores have to have answered, of a call that may itself take far longer: no call holds
/// a connection that searches need for longer than a search does.
Deadline store_deadline(const Call& call);

std::vector<std::string> identifiers_of(const std::vector<WorkRow>& rows);
/// The waveforms of these works, where they are asked for; without them the answer goes on.
Task<Peaks> find_peaks(Services services, const Call& call, bool wanted,
                       std::vector<std::string> identifiers);

/// Pairs hits with rows by identifier, in the order of the hits, and counts the hits without one.
/// Both must outlive the items.
std::vector<ListItem> pair_items(Services services, const Hits& hits,
                                 const std::vector<WorkRow>& rows);

}  // namespace freshet::api
