#include "api/secrets.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

#include "api/base64url.hpp"
#include "core/hash.hpp"
#include "core/text.hpp"

namespace freshet::api {
namespace {

void fill_random(unsigned char* bytes, std::size_t size) {
  if (RAND_bytes(bytes, static_cast<int>(size)) != 1) {
    throw std::runtime_error{"the system gives no random bytes"};
  }
}

}  // namespace

std::string random_secret(std::size_t length) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  // Bytes above the last whole round of letters would make some letters likelier than others.
  constexpr unsigned kEven = 256 - 256 % kLetters.size();
  std::string secret;
  std::array<unsigned char, 64> bytes{};
  while (secret.size() < length) {
    fill_random(bytes.data(), bytes.size());
    for (std::size_t i = 0; i < bytes.size() && secret.size() < length; ++i) {
      if (bytes[i] < kEven) {
        secret += kLetters[bytes[i] % kLetters.size()];
      }
    }
  }
  return secret;
}

std::string random_code() {
  std::array<unsigned char, 64> bytes{};
  fill_random(bytes.data(), bytes.size());
  return to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string digest_of(std::string_view secret) {
  std::string hex;
  for (const std::uint8_t byte : sha256(secret)) {
    hex += kHexDigits[byte >> 4U];
    hex += kHexDigits[byte & 0xfU];
  }
  return hex;
}

bool has_digest(std::string_view secret, std::string_view digest) {
  const std::string made = digest_of(secret);
  return made.size() == digest.size() &&
         CRYPTO_memcmp(made.data(), digest.data(), made.size()) == 0;
}

}  // namespace freshet::api
