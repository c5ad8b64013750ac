#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clean_preview.hpp"
#include "core/commands.hpp"

namespace freshet {

/// The command line of `freshet`: every folder's subcommands and every setting as a flag.
///
/// Settings are options of the root and may stand after any subcommand. Parse, then ask for what
/// was chosen.
class CommandLine {
 public:
  /// @param cleaning  what `produce --cleaned`, `explain` and `clean` show; may be empty.
  explicit CommandLine(Cleaning cleaning);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// Parses, prints (help and version to standard output, faults to standard error) and runs.
  /// @return the exit code
  int run(int argc, const char* const* argv);

  /// The tree, for completion scripts and tests.
  CLI::App& root() { return root_; }
  const Commands& commands() const { return commands_; }
  /// Whether a subcommand runs without settings (`completion`, `config docs`).
  bool runs_alone(CLI::App* subcommand) const { return alone_.contains(subcommand); }

 private:
  void add_settings();
  void add_config_commands();
  void add_completion();
  int run_chosen();
  Config load() const;

  CLI::App root_;
  Commands commands_;
  std::map<CLI::App*, std::function<int()>> alone_;
  std::vector<std::pair<std::string, std::string>> flags_;  ///< dotted key, text
  std::optional<std::string> config_file_;
};

}  // namespace freshet
