#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/items.hpp"
#include "api/media.hpp"
#include "core/result.hpp"

namespace freshet::api {

/// A coroutine on one of the server's threads.
template <class T>
using Task = boost::asio::awaitable<T>;

/// Elasticsearch or OpenSearch, as the handlers use it. One for each thread of the server, called
/// from that thread only.
class SearchIndex {
 public:
  SearchIndex() = default;
  SearchIndex(const SearchIndex&) = delete;
  SearchIndex& operator=(const SearchIndex&) = delete;
  virtual ~SearchIndex() = default;

  /// Sends a `_search` request to the alias of live works.
  /// @param preference  the same text goes to the same copies of the shards; may be empty
  /// @return the reply's body
  /// @error  Errc::store_refused: it answered and said no; the message is its reason.
  ///         Errc::unreachable, timed_out, throttled: no answer.
  virtual Task<Result<std::string>> search(Media media, std::string request,
                                           std::string preference) = 0;

  /// `green`, `yellow` or `red`.
  /// @error  as `search`
  virtual Task<Result<std::string>> health(std::chrono::milliseconds timeout) = 0;
};

/// Postgres, as the handlers use it. Shared by all threads.
class WorkStore {
 public:
  WorkStore() = default;
  WorkStore(const WorkStore&) = delete;
  WorkStore& operator=(const WorkStore&) = delete;
  virtual ~WorkStore() = default;

  /// The live works with these identifiers, in any order; what is not live is not there.
  /// @error  Errc::unreachable, timed_out, throttled, store_refused
  virtual Task<Result<std::vector<WorkRow>>> find(Media media,
                                                  std::vector<std::string> identifiers) = 0;

  /// The live work with this identifier, or that had it before a migration.
  virtual Task<Result<std::optional<WorkRow>>> find_one(Media media, std::string identifier) = 0;

  /// Sources whose visibility was decided by hand: name and whether it is hidden.
  virtual Task<Result<std::map<std::string, bool>>> source_visibility() = 0;

  virtual Task<Result<bool>> ping() = 0;
};

}  // namespace freshet::api
