#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace freshet {

#if defined(__SSE2__)

/// Compares sixteen bytes at a time, on architectures where every processor can (SSE2). Elsewhere
/// `kHasBytes16` is false, and callers go byte by byte.
inline constexpr bool kHasBytes16 = true;

class Bytes16 {
 public:
  /// Reads 16 bytes, aligned or not.
  explicit Bytes16(const char* at) noexcept
      : bytes_{_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))} {}

  /// One bit per byte, the first byte lowest.
  std::uint32_t equal(char c) const noexcept {
    return mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c)));
  }
  /// Bytes above `c` among U+0000 … U+007F: bytes of other characters count as below.
  std::uint32_t ascii_above(char c) const noexcept {
    return mask(_mm_cmpgt_epi8(bytes_, _mm_set1_epi8(c)));
  }
  /// Bytes below 0x20.
  std::uint32_t control() const noexcept {
    return mask(_mm_cmpeq_epi8(_mm_max_epu8(bytes_, _mm_set1_epi8(0x20)), bytes_)) ^ 0xFFFFU;
  }

 private:
  static std::uint32_t mask(__m128i bytes) noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
  }
  __m128i bytes_;
};

#else

inline constexpr bool kHasBytes16 = false;

class Bytes16 {
 public:
  explicit Bytes16(const char*) noexcept {}
  std::uint32_t equal(char) const noexcept { return 0; }
  std::uint32_t ascii_above(char) const noexcept { return 0; }
  std::uint32_t control() const noexcept { return 0; }
};

#endif

}  // namespace freshet
