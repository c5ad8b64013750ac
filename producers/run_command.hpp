#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "producers/command.hpp"
#include "producers/provider.hpp"

namespace freshet {

/// Flags of a run that commands beside `produce PROVIDER` take, too.
struct RunFlags {
  std::string date;
  std::int64_t limit = 0;
  std::int64_t max_pages = 0;
  std::string rejects;
  bool skip_errors = false;
  bool restart = false;
  bool accept_fewer = false;
  bool dry_run = false;
  bool cleaned = false;
};

/// Adds all of them but `--date`.
void add_run_flags(CLI::App& command, RunFlags& flags);

/// Runs providers one after the other, as `produce PROVIDER…` does. @return exit code.
int run_providers(const std::vector<std::unique_ptr<Provider>>& wanted, const RunFlags& flags,
                  const Context& context, const CleanFunction& clean);

}  // namespace freshet
