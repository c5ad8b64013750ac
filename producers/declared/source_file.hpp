#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "producers/provider.hpp"
#include "producers/schedule/schedules.hpp"

namespace freshet {

/// A source that a file describes instead of code: an API by its declaration (`[provider]`), a
/// repository (`[oai_pmh]`) or a collection (`[iiif]`). docs/adding-a-source.md shows each.
struct SourceFile {
  std::string path;
  std::string command;  ///< name of its runs
  Schedule schedule;    ///< by day where it can be read so, and `daily` is asked for
  /// As the file was when it was read: its name, schedule and runs stay of one edition.
  std::function<std::unique_ptr<Provider>()> make;
};

/// A file that was not read, and why: each fault as `file:line: what`.
struct SourceFault {
  std::string path;
  std::string why;
};

/// What a folder of them holds. A faulty file keeps nobody from the others.
struct SourceFolder {
  std::vector<SourceFile> sources;
  std::vector<SourceFault> faults;
};

/// @throws StartupError  names every fault at once, each as `file:line: what`.
SourceFile read_source_file(const std::string& path);

/// Every `*.toml` of a folder, in order of the names; none for an empty name. Of two sources with
/// one command the second is a fault, as is one with the command of a provider of the registry.
/// @throws StartupError  the folder cannot be read.
SourceFolder read_source_files(const std::string& folder);

/// Says of each file that was not read, in the log, where and why (`source_not_read`).
void log_faults(const SourceFolder& folder);

/// @throws StartupError  that nothing is called so, with the faults of the files that were not
///         read: it may be one of theirs.
[[noreturn]] void refuse_unknown(const std::string& name, const SourceFolder& folder);

/// Null: no source has this command.
const SourceFile* find_source(const std::vector<SourceFile>& sources, std::string_view command);

}  // namespace freshet
