#pragma once

#include <optional>
#include <string>

#include "api/stores.hpp"

namespace freshet::api {

/// How far the stages are behind, as `freshet lag` measures it.
/// @thread_safety  All of it.
class Freshness {
 public:
  Freshness() = default;
  Freshness(const Freshness&) = delete;
  Freshness& operator=(const Freshness&) = delete;
  virtual ~Freshness() = default;

  /// What was measured in the last seconds, as the reply's body; waits for the first measurement.
  /// @error  Errc::unreachable, timed_out: the broker does not answer, or does not let us look
  virtual Task<Result<std::string>> get(Deadline deadline) = 0;
};

}  // namespace freshet::api
