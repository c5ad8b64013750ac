#pragma once

#include <string_view>

namespace freshet::api {

/// The two kinds of work, each with its own path, index alias and view.
enum class Media { image, audio };

/// As the paths spell it: `/v1/images/`, `/v1/audio/`.
constexpr std::string_view path_name(Media media) {
  return media == Media::image ? "images" : "audio";
}

/// As topics, indexes and tables spell it.
constexpr std::string_view store_name(Media media) {
  return media == Media::image ? "image" : "audio";
}

}  // namespace freshet::api
