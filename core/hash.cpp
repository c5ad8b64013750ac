#include "core/hash.hpp"

#include <openssl/evp.h>
#include <xxhash.h>

#include <bit>
#include <cstring>
#include <memory>

#include "core/check.hpp"
#include "core/text.hpp"

namespace freshet {

// Fingerprints lie on topics and in state, and murmur2 decides partitions: both read memory as
// little-endian words.
static_assert(std::endian::native == std::endian::little);

std::uint64_t xxh3(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

// SHA256() looks its algorithm up and allocates with each call, which costs more than the digest of
// a key: here both are kept.
std::array<std::uint8_t, 32> sha256(std::string_view bytes) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
  std::array<std::uint8_t, 32> digest{};
  FRESHET_CHECK(algorithm != nullptr && context != nullptr &&
                EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

std::string to_hex(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) {
    text[i] = kHexDigits[value & 0xfU];
  }
  return text;
}

std::optional<std::uint64_t> parse_hex64(std::string_view text) noexcept {
  if (text.size() != 16) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0 || (c >= 'A' && c <= 'F')) {
      return std::nullopt;
    }
    value = value << 4U | static_cast<unsigned>(digit);
  }
  return value;
}

std::uint32_t murmur2(std::string_view bytes) noexcept {
  // Constants of org.apache.kafka.common.utils.Utils.murmur2: seed 0x9747b28c, m, r = 24.
  constexpr std::uint32_t kSeed = 0x9747b28cU;
  constexpr std::uint32_t kMultiplier = 0x5bd1e995U;
  constexpr unsigned kRotate = 24;

  std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(bytes.size());
  while (bytes.size() >= 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), 4);
    word *= kMultiplier;
    word ^= word >> kRotate;
    word *= kMultiplier;
    hash *= kMultiplier;
    hash ^= word;
    bytes.remove_prefix(4);
  }
  if (!bytes.empty()) {
    // Java sign-extends no byte here: it masks each with 0xff.
    std::uint32_t tail = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
      tail = tail << 8U | static_cast<unsigned char>(bytes[i]);
    }
    hash ^= tail;
    hash *= kMultiplier;
  }
  hash ^= hash >> 13U;
  hash *= kMultiplier;
  hash ^= hash >> 15U;
  return hash;
}

}  // namespace freshet
