#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// XXH3-64 of `bytes`, seeded. Fingerprints are seeded with the rules version.
std::uint64_t xxh3(std::string_view bytes, std::uint64_t seed = 0) noexcept;

std::array<std::uint8_t, 32> sha256(std::string_view bytes);

/// 16 lower-case hex digits, and back.
std::string to_hex(std::uint64_t value);
std::optional<std::uint64_t> parse_hex64(std::string_view text) noexcept;

/// Java's murmur2 over bytes, as Kafka's default partitioner uses it.
std::uint32_t murmur2(std::string_view bytes) noexcept;

}  // namespace freshet
