#pragma once

#include <memory>
#include <string>

#include "api/change_feed.hpp"

namespace freshet::api {

/// Reads the table `work_change` on connections of its own, so that readers of the feed and
/// searches do not wait for each other.
///
/// The io_contexts whose coroutines wait here must outlive it.
class PostgresChanges final : public ChangeFeed {
 public:
  PostgresChanges(const std::string& dsn, int connections);
  ~PostgresChanges() override;

  Task<Result<FeedBounds>> bounds(Deadline deadline) override;
  Task<Result<std::vector<ChangeEntry>>> read(FeedPosition after, ChangeFilter filter, int most,
                                              Deadline deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::api
