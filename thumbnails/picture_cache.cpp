#include "thumbnails/picture_cache.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/log.hpp"

namespace freshet::thumbnails {
namespace {

namespace fs = std::filesystem;

// Behind it stand, on the same line: media type, time, size and hash of the bytes.
constexpr std::string_view kMark = "freshet-picture-1 ";
constexpr std::size_t kFolderDigits = 2;    // of a name: its folder is called so
constexpr std::int64_t kTouchSeconds = 60;  // between two changes of a file's time

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    return std::nullopt;
  }
  std::ostringstream all;
  all << file.rdbuf();
  return std::move(all).str();
}

std::string header_of(const Picture& picture) {
  return fmt::format("{}{} {} {} {}\n", kMark, picture.type, now_seconds(), picture.bytes.size(),
                     to_hex(xxh3(picture.bytes)));
}

/// Nothing where the file is damaged or too old.
std::optional<Picture> parse(std::string text) {
  const std::size_t end = text.find('\n');
  if (!text.starts_with(kMark) || end == text.npos) {
    return std::nullopt;
  }
  std::istringstream words{text.substr(kMark.size(), end - kMark.size())};
  Picture picture;
  std::int64_t made_at = 0;
  std::size_t size = 0;
  std::string hash;
  words >> picture.type >> made_at >> size >> hash;
  picture.bytes = text.substr(end + 1);
  const auto age = std::chrono::seconds{now_seconds() - made_at};
  if (!words || picture.bytes.size() != size || to_hex(xxh3(picture.bytes)) != hash ||
      age > PictureCache::kMostAge) {
    return std::nullopt;
  }
  return picture;
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Whether a name that goes on so is one that `put` writes to before it is whole: `.7`.
bool is_half_written(std::string_view rest) {
  return rest.size() > 1 && rest.front() == '.' &&
         std::ranges::all_of(rest.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::size_t PictureCache::HashName::operator()(const Name& name) const noexcept {
  return xxh3({name.data(), name.size()});
}

PictureCache::PictureCache(fs::path directory, std::uint64_t most_bytes)
    : directory_{std::move(directory)}, most_bytes_{most_bytes} {
  try {
    fs::create_directories(directory_);
    lock_directory();
    scan();
  } catch (const fs::filesystem_error& fault) {
    throw StartupError{std::string{"thumbnails.cache_dir: "} + fault.what()};
  }
  make_room();
}

PictureCache::~PictureCache() {
  if (lock_file_ >= 0) {
    close(lock_file_);
  }
}

void PictureCache::lock_directory() {
  const std::string path = (directory_ / "lock").string();
  lock_file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_file_ < 0 || flock(lock_file_, LOCK_EX | LOCK_NB) != 0) {
    throw StartupError{"thumbnails.cache_dir: " + directory_.string() + ": " +
                       (lock_file_ < 0 ? std::strerror(errno) : "another process has it")};
  }
}

// What is not named as ours is left alone: somebody may have named a directory that has more in it.
void PictureCache::scan_folder(const fs::path& folder, std::vector<Entry>& found) {
  constexpr std::size_t kDigits = std::tuple_size_v<Name>;
  for (const auto& file : fs::directory_iterator{folder}) {
    const std::string name = file.path().filename().string();
    struct stat about{};
    if (file.symlink_status().type() != fs::file_type::regular || name.size() < kDigits ||
        !is_hex(name.substr(0, kDigits)) || !name.starts_with(folder.filename().string())) {
      continue;
    }
    if (is_half_written(std::string_view{name}.substr(kDigits))) {
      std::error_code ignored;
      fs::remove(file.path(), ignored);  // when we were stopped
    } else if (name.size() == kDigits && stat(file.path().c_str(), &about) == 0) {
      Entry entry{{}, static_cast<std::uint64_t>(about.st_size), about.st_mtim.tv_sec};
      std::ranges::copy(name, entry.name.begin());
      found.push_back(entry);
    }
  }
}

void PictureCache::scan() {
  std::vector<Entry> found;
  for (const auto& folder : fs::directory_iterator{directory_}) {
    const std::string name = folder.path().filename().string();
    if (name.size() == kFolderDigits && is_hex(name) &&
        folder.symlink_status().type() == fs::file_type::directory) {
      scan_folder(folder.path(), found);
    }
  }
  std::ranges::sort(found, std::greater<>{}, &Entry::used_at);
  for (const Entry& entry : found) {
    entries_.push_back(entry);
    by_name_.emplace(entry.name, std::prev(entries_.end()));
    bytes_ += entry.bytes;
  }
}

std::optional<Picture> PictureCache::find(std::string_view key) {
  const Name name = name_of(key);
  const std::int64_t now = now_seconds();
  bool is_touched = false;
  {
    const std::lock_guard lock{mutex_};
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    is_touched = now - found->second->used_at >= kTouchSeconds;
    if (is_touched) {
      found->second->used_at = now;
    }
  }
  const fs::path path = path_of(name);
  auto text = read_file(path);
  auto picture = text ? parse(std::move(*text)) : std::nullopt;
  if (!picture) {
    remove(name);
  } else if (is_touched) {
    utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  }
  return picture;
}

void PictureCache::put(std::string_view key, const Picture& picture) {
  static std::atomic<std::uint64_t> number{0};
  const Name name = name_of(key);
  const fs::path path = path_of(name);
  const std::string header = header_of(picture);
  const std::uint64_t size = header.size() + picture.bytes.size();
  if (size > most_bytes_) {
    return;
  }
  const fs::path half = path.string() + "." + std::to_string(number.fetch_add(1));
  std::error_code fault;
  fs::create_directories(path.parent_path(), fault);
  bool is_written = false;
  {
    std::ofstream file{half, std::ios::binary | std::ios::trunc};
    file << header << picture.bytes;
    file.close();
    is_written = !file.fail();
  }
  if (is_written) {
    fs::rename(half, path, fault);  // whole, or not there
  }
  if (!is_written || fault) {
    fs::remove(half, fault);
    log::warn("picture_not_kept", {{"directory", directory_.string()}});
    return;
  }
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
      bytes_ -= found->second->bytes;
      entries_.erase(found->second);
      by_name_.erase(found);
    }
    entries_.push_front({name, size, now_seconds()});
    by_name_.emplace(name, entries_.begin());
    bytes_ += size;
  }
  make_room();
}

void PictureCache::make_room() {
  for (;;) {
    Name oldest{};
    {
      const std::lock_guard lock{mutex_};
      if (bytes_ <= most_bytes_ || entries_.empty()) {
        return;
      }
      oldest = entries_.back().name;
    }
    remove(oldest);
  }
}

void PictureCache::remove(const Name& name) {
  {
    const std::lock_guard lock{mutex_};
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      return;
    }
    bytes_ -= found->second->bytes;
    entries_.erase(found->second);
    by_name_.erase(found);
  }
  std::error_code ignored;
  fs::remove(path_of(name), ignored);
}

std::uint64_t PictureCache::bytes() const {
  const std::lock_guard lock{mutex_};
  return bytes_;
}

fs::path PictureCache::path_of(const Name& name) const {
  const std::string_view text{name.data(), name.size()};
  return directory_ / text.substr(0, kFolderDigits) / text;
}

PictureCache::Name PictureCache::name_of(std::string_view key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto hash = sha256(key);
  Name name{};
  for (std::size_t i = 0; i < name.size() / 2; ++i) {
    name[2 * i] = kDigits[hash[i] >> 4U];
    name[2 * i + 1] = kDigits[hash[i] & 15U];
  }
  return name;
}

}  // namespace freshet::thumbnails
