#pragma once

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/crawl/byte_source.hpp"

namespace freshet {

/// What a gzip file holds, in bounded memory: one member or several, and zeros behind them, with
/// which tapes and block stores fill a file up. A file that is not gzip, which its first bytes
/// tell, is given as it is.
/// @thread_safety  One thread.
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> source);
  ~GzipSource() override;

  /// @error what the source gives; Errc::malformed_payload with the rule `gzip`: damaged, or cut
  ///        short.
  Result<std::size_t> read(std::span<char> into) override;

 private:
  Result<void> fill();
  Result<std::size_t> inflate_into(std::span<char> into);
  Result<void> skip_zeros();

  std::unique_ptr<ByteSource> source_;
  std::vector<char> input_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool is_source_done_ = false;
  bool is_begun_ = false;
  bool is_plain_ = false;
  bool is_in_member_ = false;
  bool has_members_ = false;  ///< at least one, whole
  z_stream inflater_{};
};

}  // namespace freshet
