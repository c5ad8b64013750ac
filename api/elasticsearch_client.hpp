#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/stores.hpp"
#include "core/config.hpp"

namespace freshet::api {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

/// HTTP to the search cluster over kept connections, plain or TLS, without blocking a thread.
///
/// Belongs to one thread of the server: its coroutines share the idle connections without a lock.
/// The event loop on which it was used must outlive it: idle connections lie there.
/// A kept connection may have been closed meanwhile by the other end. A request that only reads is
/// then sent again on another one. One that changes something goes out once: nobody knows whether
/// it was carried out before the connection broke.
class ElasticsearchClient {
 public:
  /// @error StartupError when `elasticsearch.url` is not a URL of http or https, or the CA file
  ///        cannot be read.
  explicit ElasticsearchClient(const Config::Elasticsearch& config);
  ~ElasticsearchClient();
  ElasticsearchClient(const ElasticsearchClient&) = delete;
  ElasticsearchClient& operator=(const ElasticsearchClient&) = delete;

  enum class Effect { reads, changes };

  /// @param method    `GET`, `POST` or `DELETE`
  /// @param effect    a search is a POST that reads
  /// @param target    path and query below the configured URL, such as `/image/_search`
  /// @param deadline  of all of it: looking up the name, connecting, a second try
  /// @return any answer, whatever its status
  /// @error  Errc::unreachable, timed_out; throttled: too many requests of this thread are under
  /// way.
  Task<Result<HttpAnswer>> send(std::string method, Effect effect, std::string target,
                                std::string body, Deadline deadline);

 private:
  struct Impl;
  // Shared with the requests under way: their coroutines may be destroyed after us, with the event
  // loop that they wait on.
  std::shared_ptr<Impl> impl_;
};

/// The search index behind `<elasticsearch.index_prefix>image` and `…audio`.
class ElasticsearchIndex final : public SearchIndex {
 public:
  explicit ElasticsearchIndex(const Config::Elasticsearch& config);

  Task<Result<std::string>> search(Media media, std::string request, std::string preference,
                                   Deadline deadline) override;
  Task<Result<std::string>> open_point(Media media, std::string preference,
                                       Deadline deadline) override;
  Task<Result<std::string>> search_point(std::string request, Deadline deadline) override;
  Task<Result<bool>> close_point(std::string point, Deadline deadline) override;
  Task<Result<std::string>> health(Deadline deadline) override;

 private:
  /// The two have the same points in time under different paths.
  enum class Dialect { unknown, elasticsearch, opensearch };

  Task<Result<HttpAnswer>> ask_for_point(Dialect dialect, Media media,
                                         const std::string& preference, Deadline deadline);

  ElasticsearchClient client_;
  std::string prefix_;
  Dialect dialect_ = Dialect::unknown;
};

}  // namespace freshet::api
