#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/crawl/byte_source.hpp"
#include "core/result.hpp"

namespace freshet::bulk {

/// Reads a file of tab separated columns with a header and without quotes, line by line in bounded
/// memory.
///
/// Columns are found by their names in the header, so their order is free, and others may stand
/// beside them. A name may have a prefix (`col:ID`).
/// @thread_safety  One thread.
class TableFile {
 public:
  /// Names under which a column may stand.
  using Column = std::vector<std::string_view>;

  /// @param source  the text, decompressed.
  /// @param name    of the file, for errors.
  TableFile(std::unique_ptr<ByteSource> source, std::string name);

  /// Reads the header.
  /// @error what the source gives; Errc::malformed_payload with the rule `columns`: one of the
  ///        columns is not there.
  Result<void> open(std::initializer_list<Column> columns);

  enum class Next { row, fault, end };
  /// @error what the source gives: nothing more can be read.
  Result<Next> next();

  /// After `row`: the columns that were asked for, in that order; valid until the next read.
  const std::vector<std::string_view>& row() const noexcept { return row_; }
  /// After `fault`: why the line is no row. Errc::invalid_value with the rule `columns`: another
  /// number of columns than the header has; `no_nul`: it holds a NUL; Errc::too_large: the line is
  /// too long, and `text` is its beginning.
  const Error& fault() const noexcept { return fault_; }
  /// The present line in UTF-8, without its end; valid until the next read.
  std::string_view text() const noexcept { return text_; }
  std::int64_t line() const noexcept { return line_; }  ///< from 1, which is the header
  const std::string& name() const noexcept { return name_; }

 private:
  Result<bool> read_line();
  bool split();

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::vector<char> buffer_;
  std::string_view unread_;
  std::string partial_;  ///< a line that went over the buffer's end, or was mended
  std::string_view text_;
  std::int64_t line_ = 0;
  bool is_too_long_ = false;
  std::size_t width_ = 0;
  std::vector<std::size_t> wanted_;  ///< places in a line, as asked for
  std::vector<std::string_view> all_;
  std::vector<std::string_view> row_;
  Error fault_;
};

}  // namespace freshet::bulk
