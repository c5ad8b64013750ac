#pragma once

#include <string>

#include "core/commands.hpp"

namespace freshet {

/// Adds `backup` and `restore`.
void add_backup_commands(CLI::App& root, Commands& commands);

struct BackupFlags {
  std::string place;  ///< folder, or `-`
  bool resume = false;
  bool json = false;
};

int run_backup(const Context& context, const BackupFlags& flags);
int run_restore(const Context& context, const BackupFlags& flags);

/// The whole of a file. @error StartupError: it cannot be read.
std::string read_whole(const std::string& path);
/// Puts a file in place, whole or not at all, and on disk. @error WorkFailed
void write_whole(const std::string& path, std::string_view text);

}  // namespace freshet
