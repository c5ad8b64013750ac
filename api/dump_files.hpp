#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace freshet::api {

/// A dump as its manifest tells of it.
struct Dump {
  std::string name;  ///< of its folder
  json::object manifest;
};

/// The dumps in a folder, the newest first; what is not finished is none. A manifest that cannot be
/// read is logged, and its dump is left out.
std::vector<Dump> list_dumps(const std::filesystem::path& folder);

/// A file of a dump.
struct DumpFile {
  std::filesystem::path path;
  std::string digest;  ///< SHA-256 in hexadecimal; of a manifest empty
};

/// Where `name/manifest.json`, or a file that the manifest of `name` lists, lies.
/// @return nothing for all else, whatever is on the disk
std::optional<DumpFile> find_dump_file(const std::filesystem::path& folder, std::string_view name);

/// A stretch of a file.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeFault { none, cannot_be_satisfied };

/// Reads `Range: bytes=0-99`, `bytes=100-`, `bytes=-100`. What is no such range, or several, is not
/// heeded: all of the file is then an answer.
/// @param fault  set where it lies behind the end of the file
std::optional<ByteRange> parse_range(std::string_view header, std::uint64_t file_bytes,
                                     RangeFault& fault);

}  // namespace freshet::api
