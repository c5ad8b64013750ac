#pragma once

#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/zstd_lines.hpp"
#include "operate/dump.hpp"
#include "operate/file_digest.hpp"

namespace freshet {

/// The files of a dump while it is written: works come in any order, and each goes into the file of
/// its source.
///
/// A compressor takes some megabytes, so only a few files are open at a time. Works of the other
/// sources wait in memory until there are enough of them for a frame of their own; then the file
/// that was used least lately ends its frame and is closed, and this one is opened. Frames that
/// follow each other are one zstd file.
class DumpFiles {
 public:
  static constexpr std::size_t kMostOpen = 16;
  static constexpr std::size_t kFrameBytes = 256 << 10;   ///< that wait of one source
  static constexpr std::size_t kWaitingBytes = 64 << 20;  ///< that wait of all together

  explicit DumpFiles(std::filesystem::path folder);
  ~DumpFiles();
  DumpFiles(const DumpFiles&) = delete;
  DumpFiles& operator=(const DumpFiles&) = delete;

  /// @error WorkFailed: it cannot be written
  void add(std::string_view media_type, std::string_view source, std::string_view work);
  /// Ends all files and has them on disk. Nothing may follow.
  /// @return by path
  std::vector<DumpedFile> finish();

 private:
  struct OpenFile;
  struct State {
    DumpedFile file;
    FileDigest digest;
    std::string waiting;  ///< lines; while it is not open
    std::unique_ptr<OpenFile> open;
    std::list<State*>::iterator place;  ///< in `opened_`, while it is open
  };

  State& state_of(std::string_view media_type, std::string_view source);
  void open(State& state);
  void close(State& state);
  /// Opens the file and writes what waits for it.
  void write_waiting(State& state);
  State& longest_waiting();

  const std::filesystem::path folder_;
  std::map<std::pair<std::string, std::string>, State> states_;
  std::list<State*> opened_;  ///< the one used last in front
  std::size_t waiting_bytes_ = 0;
};

}  // namespace freshet
