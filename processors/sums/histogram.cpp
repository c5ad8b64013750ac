#include "processors/sums/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/saturate.hpp"

namespace freshet {
namespace {

constexpr int kSubBits = 7;
static_assert(1U << kSubBits == kBucketsPerChunk);
constexpr double kGreatest = 4'611'686'018'427'387'904.0;  // 2^62

// A sum that was lost elsewhere must not make others negative.
std::int64_t counted(std::int64_t amount) { return std::max<std::int64_t>(amount, 0); }

}  // namespace

BucketIndex bucket_of(double value) noexcept {
  const auto whole = static_cast<std::uint64_t>(std::llround(std::clamp(value, 0.0, kGreatest)));
  if (whole < kBucketsPerChunk) {
    return static_cast<BucketIndex>(whole);
  }
  const int shift = 63 - std::countl_zero(whole) - kSubBits;
  const auto chunk = static_cast<std::uint32_t>(shift) + 1;
  const auto sub = static_cast<std::uint32_t>(whole >> shift) & (kBucketsPerChunk - 1);
  return chunk * kBucketsPerChunk + sub;
}

double value_of(BucketIndex bucket) noexcept {
  const std::uint32_t chunk = bucket / kBucketsPerChunk;
  const std::uint64_t sub = bucket % kBucketsPerChunk;
  if (chunk == 0) {
    return static_cast<double>(sub);
  }
  const std::uint32_t shift = chunk - 1;
  const std::uint64_t first = (kBucketsPerChunk + sub) << shift;
  const std::uint64_t width = std::uint64_t{1} << shift;
  const std::uint64_t to_middle = (width - 1) / 2;
  return static_cast<double>(first + to_middle);
}

void ValueHistogram::add(BucketIndex bucket, std::int64_t amount) {
  std::int64_t& count = chunks_[bucket / kBucketsPerChunk][bucket % kBucketsPerChunk];
  count = add_saturated(count, amount);
}

void ValueHistogram::add(const ValueHistogram& other) {
  for (const auto& [number, counts] : other.chunks_) {
    Chunk& own = chunks_[number];
    for (std::size_t i = 0; i < counts.size(); ++i) {
      own[i] = add_saturated(own[i], counts[i]);
    }
  }
}

void ValueHistogram::replace(const ValueHistogram& other) {
  for (const auto& [number, counts] : other.chunks_) {
    chunks_.insert_or_assign(number, counts);
  }
}

std::int64_t ValueHistogram::size() const noexcept {
  std::int64_t size = 0;
  for (const auto& [number, counts] : chunks_) {
    for (const std::int64_t count : counts) {
      size = add_saturated(size, counted(count));
    }
  }
  return size;
}

std::optional<double> ValueHistogram::percentile(double p) const {
  const std::int64_t all = size();
  if (all == 0) {
    return std::nullopt;
  }
  const auto rank = std::clamp<std::int64_t>(
      static_cast<std::int64_t>(std::ceil(p * static_cast<double>(all))), 1, all);
  std::int64_t below = 0;
  for (const auto& [number, counts] : chunks_) {
    for (std::uint32_t sub = 0; sub < kBucketsPerChunk; ++sub) {
      below = add_saturated(below, counted(counts[sub]));
      if (below >= rank) {
        return value_of(number * kBucketsPerChunk + sub);
      }
    }
  }
  return std::nullopt;
}

}  // namespace freshet
