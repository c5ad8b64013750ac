#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace freshet::thumbnails {

/// A picture as it was made.
struct Picture {
  std::string type;
  std::string bytes;
};

/// Pictures on disk, one file each, within a bound on their bytes: those that were not asked for
/// the longest go first. What was asked for when survives a restart, by the times of the files, to
/// the minute.
///
/// A file that is damaged, or older than `kMostAge`, is as if it were not there. In memory lie some
/// 120 bytes for each.
/// @thread_safety  All of it.
class PictureCache {
 public:
  static constexpr std::chrono::days kMostAge{30};

  /// Reads which files there are; those that are not named as ours are left alone. Two processes
  /// cannot share a directory.
  /// @error StartupError: the directory cannot be made or read, or another process has it
  PictureCache(std::filesystem::path directory, std::uint64_t most_bytes);
  ~PictureCache();
  PictureCache(const PictureCache&) = delete;
  PictureCache& operator=(const PictureCache&) = delete;

  /// @param key  what it was made of and how, in words
  std::optional<Picture> find(std::string_view key);
  /// Keeps it, unless the disk does not take it.
  void put(std::string_view key, const Picture& picture);

  std::uint64_t bytes() const;

 private:
  using Name = std::array<char, 32>;  // hex digits
  struct HashName {
    std::size_t operator()(const Name& name) const noexcept;
  };
  struct Entry {
    Name name;
    std::uint64_t bytes;
    std::int64_t used_at;  // seconds since 1970, as the file has it
  };
  using Entries = std::list<Entry>;

  void lock_directory();
  void scan();
  static void scan_folder(const std::filesystem::path& folder, std::vector<Entry>& found);
  void make_room();
  void remove(const Name& name);
  std::filesystem::path path_of(const Name& name) const;
  static Name name_of(std::string_view key);

  const std::filesystem::path directory_;
  const std::uint64_t most_bytes_;
  int lock_file_ = -1;
  mutable std::mutex mutex_;  // guards what is below; files are read and written without it
  Entries entries_;           // the one asked for last first
  std::unordered_map<Name, Entries::iterator, HashName> by_name_;
  std::uint64_t bytes_ = 0;
};

}  // namespace freshet::thumbnails
