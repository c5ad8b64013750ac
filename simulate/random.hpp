#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace freshet::simulate {

/// The finalizer of SplitMix64: a bijection whose every output bit depends on every input bit.
/// @source  Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

/// Random choices that depend only on the seed and on what they are about: the same work is made up
/// in the same way, whenever and in whatever order it is asked for.
class Dice {
 public:
  constexpr Dice(std::uint64_t seed, std::uint64_t about) noexcept
      : state_{mix(mix(seed) ^ about)} {}

  constexpr std::uint64_t next() noexcept { return state_ = mix(state_); }
  /// 0 ≤ result < n, for n < 2^32.
  constexpr std::uint32_t below(std::size_t n) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32U) * n) >> 32U);
  }
  /// True in `parts` of a thousand cases.
  constexpr bool per_mille(std::uint32_t parts) noexcept { return below(1000) < parts; }
  template <class List>
  constexpr const auto& pick(const List& list) noexcept {
    return list[below(list.size())];
  }
  /// Grows like popularity does: most values are small, a few are large. 0 … about 2^20.
  constexpr std::uint32_t long_tailed() noexcept {
    const std::uint64_t bits = next();
    return static_cast<std::uint32_t>((bits >> 44U) >> ((bits & 0xfU) + (bits >> 4U & 0x3U)));
  }

 private:
  std::uint64_t state_;
};

}  // namespace freshet::simulate
