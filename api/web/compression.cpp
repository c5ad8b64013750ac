#include "api/web/compression.hpp"

#include <zlib.h>

#include <algorithm>
#include <optional>

#include "core/check.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

bool is_refused(std::string_view parameters) {
  const std::size_t at = parameters.find("q=");
  if (at == parameters.npos) {
    return false;
  }
  const std::string_view weight = trim_space(parameters.substr(at + 2));
  return weight.find_first_not_of("0.") == weight.npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> named;
  std::optional<bool> any;
  while (!accept_encoding.empty()) {
    const std::size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view entry = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    const std::size_t semicolon = std::min(entry.find(';'), entry.size());
    const std::string coding = lower_ascii(trim_space(entry.substr(0, semicolon)));
    if (coding == "gzip" || coding == "x-gzip") {
      named = !is_refused(entry.substr(semicolon));
    } else if (coding == "*") {
      any = !is_refused(entry.substr(semicolon));
    }
  }
  return named.value_or(any.value_or(false));
}

std::string gzipped(std::string_view text, int level) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;  // largest window, with gzip's header
  FRESHET_CHECK(deflateInit2(&stream, level, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  // zlib takes what it only reads as if it wrote to it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  FRESHET_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace freshet::api::web
