#include "producers/inaturalist/append_files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace freshet::bulk {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBuffer = 32UL << 10U;
constexpr std::size_t kPiece = 1UL << 20U;

struct Close {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

Error file_error(const fs::path& path, const char* what, Retry retry) {
  return {Errc::unreachable, retry,
          fmt::format("{} cannot be {}: {}", path.string(), what, std::strerror(errno))};
}

Result<void> write_to(const fs::path& path, std::string_view bytes, const char* mode) {
  File file{std::fopen(path.c_str(), mode)};
  if (file == nullptr) {
    return file_error(path, "opened", Retry::after_backoff);
  }
  const bool is_written = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
  // What does not fit on the disk may be told only when the buffer is emptied.
  if (!is_written || std::fflush(file.get()) != 0) {
    return file_error(path, "written", Retry::after_backoff);
  }
  return {};
}

}  // namespace

AppendFiles::AppendFiles(fs::path folder, std::string name, std::size_t count)
    : folder_{std::move(folder)}, name_{std::move(name)}, buffers_(count), bytes_(count) {}

fs::path AppendFiles::path(std::size_t file) const {
  return folder_ / fmt::format("{}.{}", name_, file);
}

Result<void> AppendFiles::cut(const std::vector<std::uint64_t>& bytes) {
  for (std::size_t file = 0; file < buffers_.size(); ++file) {
    buffers_[file].clear();
    bytes_[file] = file < bytes.size() ? bytes[file] : 0;
    std::error_code error;
    const auto found = fs::file_size(path(file), error);
    const std::uintmax_t size = error ? 0 : found;
    if (size < bytes_[file]) {
      return Error{Errc::unreachable, Retry::never,
                   fmt::format("{} has lost bytes", path(file).string())};
    }
    if (size > bytes_[file]) {
      fs::resize_file(path(file), bytes_[file], error);
      if (error) {
        return Error{Errc::unreachable, Retry::never,
                     fmt::format("{} cannot be cut: {}", path(file).string(), error.message())};
      }
    }
  }
  return {};
}

Result<void> AppendFiles::append(std::size_t file, std::string_view record) {
  buffers_[file].append(record);
  bytes_[file] += record.size();
  return buffers_[file].size() >= kBuffer ? write(file) : Result<void>{};
}

Result<void> AppendFiles::write(std::size_t file) {
  if (buffers_[file].empty()) {
    return {};
  }
  auto written = write_to(path(file), buffers_[file], "ab");
  buffers_[file].clear();
  return written;
}

Result<void> AppendFiles::flush() {
  for (std::size_t file = 0; file < buffers_.size(); ++file) {
    if (auto written = write(file); !written) {
      return written;
    }
  }
  return {};
}

Result<void> each_record(const fs::path& path,
                         const std::function<std::size_t(std::string_view)>& record_size,
                         const std::function<Result<void>(std::string_view)>& take) {
  const File file{std::fopen(path.c_str(), "rb")};
  if (file == nullptr) {
    return errno == ENOENT ? Result<void>{} : file_error(path, "opened", Retry::never);
  }
  std::string bytes;
  for (;;) {
    const std::size_t kept = bytes.size();
    bytes.resize(kept + kPiece);
    const std::size_t count = std::fread(bytes.data() + kept, 1, kPiece, file.get());
    bytes.resize(kept + count);
    if (count == 0) {
      if (std::ferror(file.get()) != 0) {
        return file_error(path, "read", Retry::after_backoff);
      }
      return kept == 0 ? Result<void>{}
                       : Error{Errc::malformed_payload, "", "whole",
                               path.string() + " ends within a record"};
    }
    std::string_view left{bytes};
    for (std::size_t size = record_size(left); size > 0; size = record_size(left)) {
      if (auto taken = take(left.substr(0, size)); !taken) {
        return taken;
      }
      left.remove_prefix(size);
    }
    bytes.erase(0, bytes.size() - left.size());
  }
}

Result<std::string> read_file(const fs::path& path, std::uint64_t from, std::uint64_t length) {
  const File file{std::fopen(path.c_str(), "rb")};
  if (file == nullptr) {
    return file_error(path, "opened", Retry::never);
  }
  std::string bytes(length, '\0');
  if (fseeko(file.get(), static_cast<off_t>(from), SEEK_SET) != 0) {
    return file_error(path, "read", Retry::never);
  }
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return file_error(path, "read", Retry::after_backoff);
  }
  return bytes;
}

Result<std::string> read_file(const fs::path& path, std::uint64_t bytes) {
  auto found = bytes == 0 ? Result<std::string>{std::string{}} : read_file(path, 0, bytes);
  if (found && found->size() < bytes) {
    return Error{Errc::unreachable, Retry::never, path.string() + " has lost bytes"};
  }
  return found;
}

Result<void> replace_file(const fs::path& path, std::string_view content) {
  const fs::path beside = path.string() + ".new";
  if (auto written = write_to(beside, content, "wb"); !written) {
    return written;
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    return file_error(path, "replaced", Retry::after_backoff);
  }
  return {};
}

}  // namespace freshet::bulk
