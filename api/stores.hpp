#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/items.hpp"
#include "api/media.hpp"
#include "core/deadline.hpp"
#include "core/result.hpp"

namespace freshet::api {

/// A coroutine on one of the server's threads.
template <class T>
using Task = boost::asio::awaitable<T>;

/// Elasticsearch or OpenSearch, as the handlers use it. One for each thread of the server, called
/// from that thread only. Every call has ended when its deadline is over, whatever the cluster
/// does.
class SearchIndex {
 public:
  SearchIndex() = default;
  SearchIndex(const SearchIndex&) = delete;
  SearchIndex& operator=(const SearchIndex&) = delete;
  virtual ~SearchIndex() = default;

  /// Sends a `_search` request to the alias of live works.
  /// @param preference  the same text goes to the same copies of the shards; may be empty
  /// @return the reply's body
  /// @error  Errc::store_refused: it answered and said no; the message is its reason. Retry::never
  ///         when it is about the request or a document, after_backoff when there is no index.
  ///         Errc::unreachable, timed_out, throttled: no answer.
  virtual Task<Result<std::string>> search(Media media, std::string request, std::string preference,
                                           Deadline deadline) = 0;

  /// Freezes what the alias of live works shows now, for walks through a result.
  /// @return the point's name; the cluster keeps it for ten minutes after it was made or searched
  /// @error  as `search`
  virtual Task<Result<std::string>> open_point(Media media, std::string preference,
                                               Deadline deadline) = 0;

  /// Sends a `_search` request that names a point.
  /// @error  as `search`; Errc::store_refused, Retry::after_backoff: the point is gone
  virtual Task<Result<std::string>> search_point(std::string request, Deadline deadline) = 0;

  /// Lets go of a point before its time.
  virtual Task<Result<bool>> close_point(std::string point, Deadline deadline) = 0;

  /// `green`, `yellow` or `red`.
  /// @error  as `search`
  virtual Task<Result<std::string>> health(Deadline deadline) = 0;
};

/// Postgres, as the handlers use it. Shared by all threads. Every call has ended when its deadline
/// is over, whatever the server does.
class WorkStore {
 public:
  WorkStore() = default;
  WorkStore(const WorkStore&) = delete;
  WorkStore& operator=(const WorkStore&) = delete;
  virtual ~WorkStore() = default;

  /// The live works with these identifiers, in any order; what is not live is not there.
  /// @error  Errc::unreachable, timed_out, throttled, store_refused
  virtual Task<Result<std::vector<WorkRow>>> find(Media media, std::vector<std::string> identifiers,
                                                  Deadline deadline) = 0;

  /// The live work with this identifier, or that had it before a migration.
  virtual Task<Result<std::optional<WorkRow>>> find_one(Media media, std::string identifier,
                                                        Deadline deadline) = 0;

  /// What is known of a work that is not live: its status, as tables spell it; empty where there
  /// never was one.
  virtual Task<Result<std::string>> status_of(Media media, std::string identifier,
                                              Deadline deadline) = 0;

  /// Sources whose visibility was decided: name, folded, and whether it is hidden.
  virtual Task<Result<std::map<std::string, bool>>> source_visibility(Deadline deadline) = 0;

  /// What policy says of a rule that `sink postgres` keeps for the API.
  struct StoredRule {
    std::int64_t version = 0;
    std::string json;  ///< of the rule; `null`: what is shipped holds again
  };
  /// @param known_version  of the rule as last read; 0: never.
  /// @return nothing where the version is still that one, or nothing was ever said.
  virtual Task<Result<std::optional<StoredRule>>> policy_rule(std::string rule,
                                                              std::int64_t known_version,
                                                              Deadline deadline) = 0;

  /// Random bytes that all servers of this catalogue share, and nobody else knows.
  virtual Task<Result<std::string>> secret(Deadline deadline) = 0;

  virtual Task<Result<bool>> ping(Deadline deadline) = 0;
};

}  // namespace freshet::api
