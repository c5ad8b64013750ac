#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace freshet {

/// Takes compressed bytes. @error WorkFailed: they cannot be written.
using WriteBytes = std::function<void(std::string_view)>;
/// Gives the next compressed bytes, or none at the end. @error WorkFailed
using ReadBytes = std::function<std::string_view()>;

/// Lines of text, compressed by zstd into one frame with a checksum. Bounded memory.
/// @thread_safety  One thread.
class ZstdLineWriter {
 public:
  explicit ZstdLineWriter(WriteBytes write);
  ~ZstdLineWriter();
  ZstdLineWriter(const ZstdLineWriter&) = delete;
  ZstdLineWriter& operator=(const ZstdLineWriter&) = delete;

  /// @param line  without its end
  void write(std::string_view line);
  /// Ends the frame. Nothing may follow.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The lines again. @error WorkFailed from `next`: damaged, or cut short.
class ZstdLineReader {
 public:
  explicit ZstdLineReader(ReadBytes read);
  ~ZstdLineReader();
  ZstdLineReader(const ZstdLineReader&) = delete;
  ZstdLineReader& operator=(const ZstdLineReader&) = delete;

  /// Puts the next line, without its end, into `line`. False: there is none.
  bool next(std::string& line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
