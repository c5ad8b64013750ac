#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/commands.hpp"
#include "core/result.hpp"

namespace freshet {

/// What the page for operators shows. It is made by `operate/` of what its commands print, and
/// handed to `api/` by `app/`, so that neither folder depends on the other.
///
/// Nothing is measured while nobody asks.
///
/// @thread_safety  All of it.
class OpsView {
 public:
  OpsView() = default;
  OpsView(const OpsView&) = delete;
  OpsView& operator=(const OpsView&) = delete;
  virtual ~OpsView() = default;

  /// What was measured last, and a number that grows with each measurement.
  struct Figures {
    std::int64_t round = 0;  ///< 0: nothing was measured yet
    /// One JSON object: `at`, and where it could be measured `lag` (`freshet lag --json`), `stats`
    /// (`freshet stats --json`), `runs`, `dead_letters` (`summary` and `newest`, as `freshet
    /// dead-letter list`), `policy` (`freshet policy show --json`), `usage` (`freshet usage report
    /// --json`); `faults`: why something is missing.
    std::string json = "{}";
  };
  /// Does not wait.
  virtual std::shared_ptr<const Figures> newest() = 0;
};

/// Makes it for a process; what it is given must outlive it.
using MakeOpsView = std::function<std::unique_ptr<OpsView>(const Context&)>;

}  // namespace freshet
