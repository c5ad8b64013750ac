#pragma once

#include <array>
#include <span>
#include <string_view>

#include "api/parameter.hpp"

namespace freshet::api {

// What the parameters of a search may be.
constexpr std::array<std::string_view, 3> kImageCategories{"digitized_artwork", "illustration",
                                                           "photograph"};
constexpr std::array<std::string_view, 6> kAudioCategories{
    "audiobook", "music", "news", "podcast", "pronunciation", "sound_effect"};
constexpr std::array<std::string_view, 3> kAspectRatios{"square", "tall", "wide"};
constexpr std::array<std::string_view, 3> kSizes{"large", "medium", "small"};
constexpr std::array<std::string_view, 4> kLengths{"long", "medium", "short", "shortest"};
constexpr std::array<std::string_view, 4> kLicenseTypes{"all", "all-cc", "commercial",
                                                        "modification"};
constexpr std::array<std::string_view, 3> kCollections{"tag", "source", "creator"};
constexpr std::array<std::string_view, 2> kSortBy{"relevance", "indexed_on"};
constexpr std::array<std::string_view, 2> kSortDirections{"desc", "asc"};
constexpr std::array<std::string_view, 4> kOrders{"relevance", "indexed_on", "created_on",
                                                  "updated_on"};

/// Each parameter of a search, under its own name.
namespace parameter {
extern const Parameter page_size, page, cursor, q, title, creator, tags, source, excluded_source,
    license, license_type, extension, image_category, audio_category, aspect_ratio, size, length,
    peaks, mature, include_sensitive, filter_dead, collection, collection_tag, sort_by, sort_dir,
    authority, authority_boost, index, sort, created_since, updated_since, exact_count;
}  // namespace parameter

/// Of `/v1/images/` and `/v1/audio/`, in the order in which they are checked.
std::span<const Parameter> search_parameters();

/// Of one work and its related ones.
std::span<const Parameter> work_parameters();

}  // namespace freshet::api
