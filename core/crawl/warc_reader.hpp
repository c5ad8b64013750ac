#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crawl/byte_source.hpp"
#include "core/result.hpp"

namespace freshet {

/// One record of a WARC file. Views live until the next call of the reader that gave it.
struct WarcRecord {
  std::string_view header;   ///< all of it: version line and fields, without the empty line
  std::string_view content;  ///< exactly Content-Length bytes
  std::uint64_t offset = 0;  ///< where it begins in the file; compressed: its gzip member
  std::uint64_t length = 0;  ///< bytes in the file; compressed: of its gzip member, 0: it shares it

  /// Value of a field, the first of that name in any case, without white space around it.
  std::optional<std::string_view> field(std::string_view name) const;
};

/// A stretch of a file that is no record, put aside.
struct WarcFault {
  Error error;               ///< field `warc`, and one of the rules below
  std::uint64_t offset = 0;  ///< where it begins in the file
  std::string bytes;         ///< its beginning, decompressed, at most `kMostFaultBytes`
};

/// Reads WARC files of any size, record by record: gzip with a member per record (what crawls
/// have), gzip as one stream, or plain.
///
/// What is damaged costs only itself. Behind it reading goes on at the next gzip member, or at the
/// next line `WARC/1.` of a plain file or stream. Rules of faults: `gzip` (damaged compression),
/// `gzip_truncated` (the file ends within a member), `version` (no `WARC/1.` at its begin),
/// `header` (longer than 64 KiB or without end), `content_length` (missing, no number, or not where
/// the record ends), `max_length` (more content than is kept: the rest is passed over).
///
/// Content is followed by 64 readable bytes, as SIMD parsers want them.
///
/// @thread_safety  One thread. The source must outlive it.
/// @source  ISO 28500:2017 (WARC 1.1); RFC 1952.
class WarcReader {
 public:
  static constexpr std::size_t kMostContent = 32U << 20U;
  static constexpr std::size_t kMostHeader = 64U << 10U;
  static constexpr std::size_t kMostFaultBytes = 64U << 10U;

  explicit WarcReader(ByteSource& source, std::size_t most_content = kMostContent);
  ~WarcReader();
  WarcReader(const WarcReader&) = delete;
  WarcReader& operator=(const WarcReader&) = delete;

  enum class Next { record, fault, end };
  /// @error what the source gives.
  Result<Next> next();

  const WarcRecord& record() const noexcept { return record_; }
  const WarcFault& fault() const noexcept { return fault_; }
  /// Bytes of the file that were read, and what they were decompressed to.
  std::uint64_t read_bytes() const noexcept { return taken_; }
  std::uint64_t inflated_bytes() const noexcept { return inflated_; }

 private:
  // Why no more text is there: it may go on (`open`), a member ended, its data is damaged, the file
  // ended.
  enum class State { open, member_end, damaged, file_end };

  Result<void> fill_input();
  Result<void> begin_member();
  Result<void> more();
  Result<bool> have(std::size_t count);
  Result<Next> read_record();
  Result<Next> pass_over(Error error, std::size_t content_left);
  Result<void> resync();
  Result<bool> find_member();
  Error damage() const;
  std::string_view text() const { return {buffer_.data() + at_, filled_ - at_}; }

  ByteSource& source_;
  std::size_t most_content_;
  z_stream inflater_{};
  std::vector<char> input_;
  std::size_t input_at_ = 0;
  std::size_t input_end_ = 0;
  std::size_t kept_from_ = 0;  ///< in `input_`: the present member begins here, unless it is long
  bool is_source_done_ = false;
  bool is_gzip_ = false;
  bool is_begun_ = false;

  std::vector<char> buffer_;  ///< decompressed text of the present member
  std::size_t at_ = 0;        ///< the next record begins here
  std::size_t filled_ = 0;
  State state_ = State::member_end;
  std::uint64_t taken_ = 0;      ///< of the file, by the inflater
  std::uint64_t inflated_ = 0;   ///< of the file
  std::uint64_t member_at_ = 0;  ///< where the present member begins
  std::uint64_t passed_ = 0;     ///< text of the present member before the buffer
  std::size_t keep_back_ = 0;    ///< of the record that was given out: passed with the next call
  bool is_first_in_member_ = true;

  WarcRecord record_;
  WarcFault fault_;
};

}  // namespace freshet
