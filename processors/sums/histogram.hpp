#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace freshet {

/// Where a histogram counts a value. Below 256 each whole number has a bucket of its own; above,
/// each power of two is divided into 128, so that a bucket is never wider than 1/128 of what it
/// holds.
using BucketIndex = std::uint32_t;

/// Buckets that are stored together: the numbers below 128, and one chunk per power of two.
inline constexpr std::uint32_t kBucketsPerChunk = 128;

/// @param value  finite and not negative. A fraction is counted as the nearest whole number; what
///               is beyond 2^62 as that.
BucketIndex bucket_of(double value) noexcept;
/// The middle of what the bucket holds: off by less than half a percent.
double value_of(BucketIndex bucket) noexcept;

/// Counts of values, from which a value can be taken out again, and which can be added over
/// partitions in any order. Percentiles are off by less than half a percent; below 256 by nothing.
class ValueHistogram {
 public:
  using Chunk = std::array<std::int64_t, kBucketsPerChunk>;

  /// Counts `amount` (negative: takes out) in a bucket.
  void add(BucketIndex bucket, std::int64_t amount = 1);
  void add(const ValueHistogram& other);
  /// Puts the chunks that the other has in the place of its own of these numbers.
  void replace(const ValueHistogram& other);

  /// How many values are in it.
  std::int64_t size() const noexcept;

  /// The discrete percentile, as SQL's percentile_disc has it: the least value that occurs which is
  /// not below a share `p` (0 … 1) of all. Nothing when there are no values.
  std::optional<double> percentile(double p) const;

  /// Chunks by their number, also those whose counts are all 0 again.
  const std::map<std::uint32_t, Chunk>& chunks() const noexcept { return chunks_; }

 private:
  std::map<std::uint32_t, Chunk> chunks_;
};

}  // namespace freshet
