#include "producers/line_reader.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/charset.hpp"
#include "core/check.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {
constexpr std::size_t kBufferBytes = 256UL * 1024;

}  // namespace

LineReader::LineReader(const std::string& path, std::size_t max_line)
    : file_{path == "-" ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path.c_str(), "rb")},
      max_line_{max_line},
      buffer_(kBufferBytes) {
  if (file_ == nullptr) {
    throw StartupError{path + " cannot be read"};
  }
  gzbuffer(file_.get(), static_cast<unsigned>(kBufferBytes));
}

// Whether there is more; an error of zlib is no end.
Result<bool> LineReader::fill() {
  const int count = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int code = Z_OK;
  const char* const message = gzerror(file_.get(), &code);
  if (count < 0 || (count == 0 && code != Z_OK && code != Z_STREAM_END)) {
    return Error{Errc::malformed_payload, Retry::never,
                 "the file cannot be read to its end: " + std::string{message}};
  }
  unread_ = {buffer_.data(), static_cast<std::size_t>(count)};
  const std::string_view charset = is_first_ ? shown_charset(unread_) : std::string_view{};
  if (charset.starts_with("utf-16") || charset.starts_with("utf-32")) {
    return Error{Errc::malformed_payload, Retry::never,
                 "the file is in " + std::string{charset} + ", and must be in utf-8 (iconv -f " +
                     std::string{charset} + " -t utf-8)"};
  }
  is_first_ = is_first_ && count == 0;
  return count > 0;
}

Result<bool> LineReader::next(Line& line) {
  partial_.clear();
  bool any = false;
  bool is_too_long = false;
  const auto give = [&](std::string_view text, bool too_long) {
    // A mark stands at the start of a file, and within it where several were put together.
    text = without_bom(text);
    if (text.ends_with('\r') && !too_long) {
      text.remove_suffix(1);
    }
    line = {++number_, text, too_long};
    return true;
  };
  for (;;) {
    if (unread_.empty()) {
      const auto more = fill();
      if (!more) {
        return more.error();
      }
      if (!*more) {
        break;
      }
    }
    any = true;
    const std::size_t end = unread_.find('\n');
    const bool ends = end != std::string_view::npos;
    const std::string_view piece = unread_.substr(0, end);
    unread_.remove_prefix(ends ? end + 1 : unread_.size());
    const std::size_t room = max_line_ - std::min(partial_.size(), max_line_);
    is_too_long = is_too_long || piece.size() > room;
    if (ends && partial_.empty() && !is_too_long) {
      return give(piece, false);
    }
    partial_.append(piece.substr(0, room));
    if (ends) {
      break;
    }
  }
  if (!any) {
    return false;
  }
  return give(partial_, is_too_long);
}

}  // namespace freshet
