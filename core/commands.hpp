#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "core/config.hpp"
#include "core/metrics.hpp"

namespace CLI {
class App;
}

namespace freshet {

/// What a subcommand runs with. Everything outlives the run.
struct Context {
  const Config& config;
  Metrics& metrics;
  std::stop_token stop;  ///< stopped by SIGTERM or SIGINT; a role then ends with exit 0
};

/// The subcommands of the binary. Each folder's `command.cpp` has one
/// `void add_<folder>_commands(CLI::App& root, Commands& commands)` that adds its subcommands with
/// their own flags, and says here what each runs. Flags are bound to variables that the run owns:
/// both hold the same shared_ptr. Settings (`--kafka-brokers`, …) are added by `app/` once, at the
/// root, and may stand after any subcommand.
class Commands {
 public:
  using Run = std::function<int(const Context&)>;  ///< returns an exit code

  void on_run(CLI::App* subcommand, Run run) { runs_[subcommand] = std::move(run); }
  const Run* find(CLI::App* subcommand) const {
    const auto found = runs_.find(subcommand);
    return found == runs_.end() ? nullptr : &found->second;
  }

 private:
  std::map<CLI::App*, Run> runs_;
};

}  // namespace freshet
