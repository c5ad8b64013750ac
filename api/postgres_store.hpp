#pragma once

#include <memory>
#include <string>

#include "api/stores.hpp"

namespace freshet::api {

/// Reads works from the views `image_live` and `audio_live` with prepared statements.
///
/// libpqxx blocks, so a few threads of its own hold one connection each and take the requests from
/// a bounded queue; a coroutine waits for its answer without holding a thread of the server, and
/// never beyond its deadline, which goes with the read through queue, connecting and statement. A
/// connection that hung or broke is replaced, and a read that found an old one broken is tried once
/// more.
///
/// The io_contexts whose coroutines wait here must outlive it.
class PostgresStore final : public WorkStore {
 public:
  PostgresStore(const std::string& dsn, int connections);
  ~PostgresStore() override;  ///< requests still in the queue are given up

  /// Tries to connect once, on the calling thread.
  /// @error StartupError when Postgres does not answer.
  void check_reachable() const;

  Task<Result<std::vector<WorkRow>>> find(Media media, std::vector<std::string> identifiers,
                                          Deadline deadline) override;
  Task<Result<std::optional<WorkRow>>> find_one(Media media, std::string identifier,
                                                Deadline deadline) override;
  Task<Result<std::string>> status_of(Media media, std::string identifier,
                                      Deadline deadline) override;
  Task<Result<std::map<std::string, bool>>> source_visibility(Deadline deadline) override;
  Task<Result<std::optional<StoredRule>>> policy_rule(std::string rule, std::int64_t known_version,
                                                      Deadline deadline) override;
  /// Kept for a minute, or longer while it cannot be read.
  Task<Result<std::string>> secret(Deadline deadline) override;
  Task<Result<bool>> ping(Deadline deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::api
