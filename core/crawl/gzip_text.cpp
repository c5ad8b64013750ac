#include "core/crawl/gzip_text.hpp"

#include <zlib.h>

#include <vector>

#include "core/check.hpp"

namespace freshet {
namespace {

struct Inflater {
  Inflater() { FRESHET_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
  z_stream stream{};
};

Error damaged() {
  return Error{Errc::malformed_payload, "", "gzip", "a gzip file that is damaged or cut short"};
}

}  // namespace

Result<std::string> read_gzip_text(ByteSource& source, std::size_t most) {
  std::string bytes;
  for (std::vector<char> piece(256U << 10U);;) {
    const auto count = source.read(piece);
    if (!count) {
      return count.error();
    }
    if (*count == 0) {
      break;
    }
    bytes.append(piece.data(), *count);
    if (bytes.size() > most) {
      return Error{Errc::too_large, "", "max_length", "a file that is too long"};
    }
  }
  if (!bytes.starts_with("\x1F\x8B")) {
    return bytes;
  }
  Inflater inflater;
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  for (std::vector<char> piece(256U << 10U);;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) {
      return damaged();
    }
    text.append(piece.data(), piece.size() - stream.avail_out);
    if (text.size() > most) {
      return Error{Errc::too_large, "", "max_length", "a file that is too long"};
    }
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) {
        return text;
      }
      inflateReset(&stream);
    }
  }
}

}  // namespace freshet
