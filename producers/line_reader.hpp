#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace freshet {

/// Reads a file line by line in bounded memory, plain or gzip (told by its content). Lines may end
/// as on Windows, and byte order marks of UTF-8 are no part of any line.
///
/// @thread_safety  One thread.
class LineReader {
 public:
  struct Line {
    std::int64_t number = 0;   ///< from 1
    std::string_view text;     ///< without its end; valid until the next read
    bool is_too_long = false;  ///< `text` is only its beginning
  };

  /// @param path      a file, or `-` for standard input.
  /// @param max_line  bytes of a line that are kept.
  /// @throws StartupError  the file cannot be opened.
  LineReader(const std::string& path, std::size_t max_line);

  /// @return false at the end.
  /// @error Errc::malformed_payload, Retry::never: the file cannot be read to its end, such as a
  ///        gzip file that was cut short, or it is in UTF-16.
  Result<bool> next(Line& line);

 private:
  struct Close {
    void operator()(gzFile_s* file) const { gzclose_r(file); }
  };
  Result<bool> fill();

  std::unique_ptr<gzFile_s, Close> file_;
  std::size_t max_line_;
  std::vector<char> buffer_;
  std::string_view unread_;  ///< of the buffer
  std::string partial_;      ///< beginning of a line that went over the buffer's end
  std::int64_t number_ = 0;
  bool is_first_ = true;  ///< nothing was read yet
};

}  // namespace freshet
