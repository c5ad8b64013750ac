#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace freshet::bulk {

/// Many files that grow side by side, `<name>.<number>` in one folder. Each has a small buffer, and
/// none is kept open, so their number costs neither memory nor descriptors worth speaking of.
/// @thread_safety  One thread.
class AppendFiles {
 public:
  AppendFiles(std::filesystem::path folder, std::string name, std::size_t count);

  /// Makes every file as long as it was: what a process wrote that died is cut off.
  /// @param bytes  of each file.
  /// @error Errc::unreachable, Retry::never: a file is shorter, or cannot be cut.
  Result<void> cut(const std::vector<std::uint64_t>& bytes);
  /// @error Errc::unreachable, Retry::after_backoff: the disk is full, or cannot be written to.
  Result<void> append(std::size_t file, std::string_view record);
  Result<void> flush();

  /// What was appended to each, the buffers included.
  const std::vector<std::uint64_t>& bytes() const noexcept { return bytes_; }
  std::size_t count() const noexcept { return buffers_.size(); }
  std::filesystem::path path(std::size_t file) const;

 private:
  Result<void> write(std::size_t file);

  std::filesystem::path folder_;
  std::string name_;
  std::vector<std::string> buffers_;
  std::vector<std::uint64_t> bytes_;
};

/// Reads a file piece by piece: each piece holds whole records.
/// @param record_size  bytes of the record at the front of what it is given; 0: it is not whole.
/// @param take         given the bytes of one record.
/// @error Errc::unreachable: it cannot be read; Errc::malformed_payload with the rule `whole`: it
///        ends within a record. A file that is not there has no records.
Result<void> each_record(const std::filesystem::path& path,
                         const std::function<std::size_t(std::string_view)>& record_size,
                         const std::function<Result<void>(std::string_view)>& take);

/// The first `bytes` of a file.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t bytes);
/// `length` bytes from `from`, or fewer at its end.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t from,
                              std::uint64_t length);
/// Writes a file whole: it is either as before or as it is to be.
Result<void> replace_file(const std::filesystem::path& path, std::string_view content);

}  // namespace freshet::bulk
