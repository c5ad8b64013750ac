#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/metrics.hpp"

namespace freshet::api {

/// The numbers of the query server.
/// @thread_safety  All of it.
class ApiMetrics {
 public:
  explicit ApiMetrics(Metrics& metrics);

  /// @param route  name of an endpoint, or `none`
  void count_request(std::string_view route, unsigned status, double seconds);
  /// @param store  `elasticsearch` or `postgres`
  void count_failure(std::string_view store, std::string_view errc);
  /// A search that was answered with less than was asked for.
  /// @param lacking  `fields_matched`, or `documents`: those of a shard that failed on one of them
  void count_incomplete(std::string_view lacking);

  Counter& hits_without_row;  ///< found in the index, but not live in Postgres
  Gauge& connections;
  Counter& connections_refused;

 private:
  Metrics& metrics_;
  std::mutex mutex_;  // guards the maps, so that each counter is made once
  std::map<std::pair<std::string, unsigned>, Counter*> requests_;
  std::map<std::string, Histogram*, std::less<>> durations_;
};

}  // namespace freshet::api
