#include "core/key.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/hash.hpp"
#include "core/text.hpp"

namespace freshet {

std::string_view to_string(MediaType media_type) noexcept {
  switch (media_type) {
    case MediaType::image:
      return "image";
    case MediaType::audio:
      return "audio";
  }
  return "image";
}

std::optional<MediaType> parse_media_type(std::string_view text) noexcept {
  if (text == "image") {
    return MediaType::image;
  }
  if (text == "audio") {
    return MediaType::audio;
  }
  return std::nullopt;
}

std::string make_work_key(MediaType media_type, std::string_view provider,
                          std::string_view foreign_identifier) {
  const std::string_view type = to_string(media_type);
  std::string key;
  key.reserve(type.size() + provider.size() + foreign_identifier.size() + 2);
  key.append(type).append(1, ':').append(provider).append(1, ':').append(foreign_identifier);
  return key;
}

std::optional<WorkKeyView> parse_work_key(std::string_view key) noexcept {
  const std::size_t first = key.find(':');
  if (first == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t second = key.find(':', first + 1);
  if (second == std::string_view::npos) {
    return std::nullopt;
  }
  const auto media_type = parse_media_type(key.substr(0, first));
  const std::string_view provider = key.substr(first + 1, second - first - 1);
  const std::string_view foreign_identifier = key.substr(second + 1);
  if (!media_type || provider.empty() || foreign_identifier.empty()) {
    return std::nullopt;
  }
  return WorkKeyView{*media_type, provider, foreign_identifier};
}

std::string work_identifier(std::string_view key) {
  const auto digest = sha256(key);
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x40U);  // version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);  // variant 10

  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text.push_back('-');
    }
    text.push_back(kHexDigits[bytes[i] >> 4U]);
    text.push_back(kHexDigits[bytes[i] & 0xfU]);
  }
  return text;
}

namespace {

// 32 digits with dashes at their places.
template <class IsDigit>
bool has_shape_of_uuid(std::string_view text, IsDigit is_digit) noexcept {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !is_digit(text[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool is_uuid(std::string_view text) noexcept {
  return has_shape_of_uuid(text, [](char c) { return hex_value(c) >= 0; });
}

bool is_uuid_v4(std::string_view text) noexcept {
  if (!has_shape_of_uuid(text,
                         [](char c) { return is_ascii_digit(c) || (c >= 'a' && c <= 'f'); })) {
    return false;
  }
  const char variant = text[19];
  return text[14] == '4' && (variant == '8' || variant == '9' || variant == 'a' || variant == 'b');
}

std::int32_t partition_for_key(std::string_view key, std::int32_t partitions) noexcept {
  return static_cast<std::int32_t>(murmur2(key) & 0x7fffffffU) % partitions;
}

}  // namespace freshet
