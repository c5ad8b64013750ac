#pragma once

#include <memory>
#include <string>

#include "api/stores.hpp"

namespace freshet::api {

/// The DSN with limits on connecting and on a dead peer, unless it sets them itself.
/// @param dsn  libpq's `key=value …` or `postgresql://…`
std::string with_connection_limits(const std::string& dsn);

/// Reads works from the views `image_live` and `audio_live` with prepared statements.
///
/// libpqxx blocks, so a few threads of its own hold one connection each and take the requests from
/// a bounded queue; a coroutine waits for its answer without holding a thread of the server. A
/// connection that broke is replaced, and the read that found it broken is tried once more.
///
/// The io_contexts whose coroutines wait here must outlive it.
class PostgresStore final : public WorkStore {
 public:
  PostgresStore(const std::string& dsn, int connections);
  ~PostgresStore() override;  ///< requests still in the queue are given up

  /// Tries to connect once, on the calling thread.
  /// @error StartupError when Postgres does not answer.
  void check_reachable() const;

  Task<Result<std::vector<WorkRow>>> find(Media media,
                                          std::vector<std::string> identifiers) override;
  Task<Result<std::optional<WorkRow>>> find_one(Media media, std::string identifier) override;
  Task<Result<std::map<std::string, bool>>> source_visibility() override;
  Task<Result<bool>> ping() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::api
