#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace freshet {

/// Completion scripts, written from the tree of subcommands: for each command its subcommands and
/// flags, and the settings after all of them.
std::string bash_completion(const CLI::App& root);
std::string zsh_completion(const CLI::App& root);
std::string fish_completion(const CLI::App& root);

}  // namespace freshet
