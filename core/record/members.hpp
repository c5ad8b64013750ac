#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/record/fields.hpp"

namespace freshet {

// Orders of the members of a work. Each holds every member of the record contract: one that is
// added there comes last here by itself, and stands where it is for good.

namespace record {

/// How many top-level members of the contract `names` does not have.
template <std::size_t N>
constexpr std::size_t count_others(const std::array<std::string_view, N>& names) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kMemberCount; ++i) {
    count += std::ranges::find(names, kFieldSpecs[i].name) == names.end() ? 1 : 0;
  }
  return count;
}

/// `names`, and behind them the other top-level members of the contract, `count_others` of them.
template <std::size_t Others, std::size_t N>
constexpr std::array<std::string_view, N + Others> with_others(
    const std::array<std::string_view, N>& names) {
  std::array<std::string_view, N + Others> all{};
  auto at = std::ranges::copy(names, all.begin()).out;
  for (std::size_t i = 0; i < kMemberCount; ++i) {
    if (std::ranges::find(names, kFieldSpecs[i].name) == names.end()) {
      *at++ = kFieldSpecs[i].name;
    }
  }
  return all;
}

// clang-format off
inline constexpr auto kFirstOfSighting = std::to_array<std::string_view>({
    "media_type", "provider", "foreign_identifier", "foreign_landing_url", "url", "thumbnail",
    "filetype", "filesize", "license_url", "license", "license_version", "creator", "creator_url",
    "title", "meta_data", "tags", "category", "watermarked", "source", "ingestion_type", "width",
    "height", "duration", "bit_rate", "sample_rate", "genres", "audio_set",
    "audio_set_foreign_identifier", "set_url", "set_thumbnail", "set_position", "alt_files"});
// clang-format on

}  // namespace record

/// Members of a sighting that are used to make others, and are not kept under their own name.
inline constexpr auto kAidNames =
    std::to_array<std::string_view>({"license_url", "set_url", "set_thumbnail"});

/// Members of a sighting's `work`, in the order in which producers write them. A fingerprint is one
/// of these bytes: with another order every work would look changed.
inline constexpr auto kSightingMembers =
    record::with_others<record::count_others(record::kFirstOfSighting)>(record::kFirstOfSighting);
static_assert(kSightingMembers.size() == kMemberCount + kAidNames.size());

/// Columns of the batch original's files, in their order.
// clang-format off
inline constexpr auto kBatchImageColumns = std::to_array<std::string_view>({
    "foreign_identifier", "foreign_landing_url", "url", "thumbnail", "filetype", "filesize",
    "license", "license_version", "creator", "creator_url", "title", "meta_data", "tags",
    "category", "watermarked", "provider", "source", "ingestion_type", "width", "height"});
inline constexpr auto kBatchAudioColumns = std::to_array<std::string_view>({
    "foreign_identifier", "foreign_landing_url", "url", "thumbnail", "filetype", "filesize",
    "license", "license_version", "creator", "creator_url", "title", "meta_data", "tags",
    "category", "watermarked", "provider", "source", "ingestion_type", "duration", "bit_rate",
    "sample_rate", "genres", "audio_set", "set_position", "alt_files",
    "audio_set_foreign_identifier"});
// clang-format on

/// Where in `kFieldSpecs` the top-level members of a catalogue record's `work` are, in the order in
/// which they are written: the collections behind `title`.
inline constexpr auto kWorkOrder = [] {
  std::array<std::size_t, kMemberCount> order{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    order[at++] = i;
    for (std::size_t j = kFieldCount; static_cast<Field>(i) == Field::title && j < kMemberCount;
         ++j) {
      order[at++] = j;
    }
  }
  return order;
}();

/// Where in `kFieldSpecs` a member is; a name that is not in the table does not compile.
consteval std::size_t member_number(std::string_view name) {
  return static_cast<std::size_t>(find_field_spec(name) - kFieldSpecs.data());
}

}  // namespace freshet
