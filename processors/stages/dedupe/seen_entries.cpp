#include "processors/stages/dedupe/seen_entries.hpp"

#include <bit>
#include <cstring>

namespace freshet {
namespace {

std::uint64_t little_endian(std::uint64_t value) noexcept {
  if constexpr (std::endian::native == std::endian::big) {
    value = __builtin_bswap64(value);
  }
  return value;
}

}  // namespace

void append_seen_entry(std::string& out, const SeenEntry& entry) {
  const std::uint64_t words[3] = {
      little_endian(entry.key_hash), little_endian(entry.fingerprint),
      little_endian(static_cast<std::uint64_t>(entry.fetched_at.micros))};
  out.append(reinterpret_cast<const char*>(words), sizeof words);
}

SeenEntry read_seen_entry(std::string_view at) noexcept {
  std::uint64_t words[3];
  std::memcpy(words, at.data(), sizeof words);
  return {little_endian(words[0]), little_endian(words[1]),
          UtcTime{static_cast<std::int64_t>(little_endian(words[2]))}};
}

}  // namespace freshet
