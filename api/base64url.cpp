#include "api/base64url.hpp"

namespace freshet::api {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 4 / 3 + 2);
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = held << 8U | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += kDigits[held >> bits & 0x3fU];
    }
    held &= (1U << bits) - 1U;
  }
  if (bits > 0) {
    text += kDigits[held << (6 - bits) & 0x3fU];
  }
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == kDigits.npos) {
      return std::nullopt;
    }
    held = held << 6U | static_cast<unsigned>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(held >> bits & 0xffU);
    }
    held &= (1U << bits) - 1U;
  }
  // One text for the same bytes: what is left over is zero.
  return held == 0 ? std::optional{std::move(bytes)} : std::nullopt;
}

}  // namespace freshet::api
