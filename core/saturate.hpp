#pragma once

#include <cstdint>
#include <limits>

namespace freshet {

/// The sum, or, where that is out of range, the nearest end of the range: the numbers may come from
/// anywhere, and an absurd one must not be undefined behaviour.
constexpr std::int64_t add_saturated(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) {
    return sum;
  }
  return b < 0 ? std::numeric_limits<std::int64_t>::min()
               : std::numeric_limits<std::int64_t>::max();
}

}  // namespace freshet
