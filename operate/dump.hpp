#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/commands.hpp"

namespace freshet {

/// Adds `dump`.
void add_dump_command(CLI::App& root, Commands& commands);

/// What `dump` is told.
struct DumpFlags {
  std::string folder;
  double share = 0.2;  ///< of the time, in which it reads
  int keep = 0;        ///< older dumps than so many are deleted; 0: none
  bool json = false;
};

/// One file of a dump: the live works of a source.
struct DumpedFile {
  std::string path;        ///< below the dump's folder
  std::string media_type;  ///< image, audio
  std::string source;      ///< empty: works that name none
  std::int64_t works = 0;
  std::int64_t bytes = 0;  ///< compressed
  std::string sha256;      ///< of the file as it is
};

struct DumpManifest {
  std::string name;     ///< of the folder: the moment that it shows, `20261130T155529Z`
  std::string made_at;  ///< the same, RFC 3339
  std::string cursor;   ///< of the change feed: what is behind it came after that moment
  std::vector<DumpedFile> files;

  std::int64_t works() const;
  std::int64_t bytes() const;
};
std::string encode_dump_manifest(const DumpManifest& manifest);

/// The folders of finished dumps in a folder, the oldest first. Whatever else lies there, such as a
/// backup, is none: the name has to be one that `dump` gives.
std::vector<std::filesystem::path> finished_dumps(const std::filesystem::path& folder);

/// `image/met.jsonl.zst`. What is no letter of ASCII in lower case, digit, `_` or `-` becomes `=`
/// and two hexadecimal digits, so that no two sources share a file, whatever the file system. Of a
/// name that would be longer than file systems take, the beginning stays, then `==` and a digest.
std::string dump_path(std::string_view media_type, std::string_view source);

/// Writes all live works into `<folder>/<name>/`, as the database shows them at one moment. Memory
/// does not grow with the works, and hardly with the sources.
/// What an earlier one that was killed left behind is deleted.
/// @error StartupError: the folder cannot be made, PostgreSQL does not answer. WorkFailed: it was
///        cut short, and what was written of it is gone; or another one is written there.
DumpManifest write_dump(const Context& context, const DumpFlags& flags);

}  // namespace freshet
