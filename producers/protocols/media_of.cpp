#include "producers/protocols/media_of.hpp"

#include <algorithm>
#include <array>

#include "core/http/url.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::array<std::string_view, 12> kImages{"jpg", "jpeg", "png", "gif",  "tif", "tiff",
                                                   "bmp", "webp", "svg", "avif", "jp2", "apng"};
constexpr std::array<std::string_view, 10> kAudio{"mp3", "ogg", "oga", "wav",  "flac",
                                                  "aif", "m4a", "aac", "aiff", "opus"};

void add_name(std::string& name, std::string_view text) {
  for (const char c : text) {
    const char lower = lower_letter(c);
    if (is_ascii_alphanumeric(lower)) {
      name.push_back(lower);
    } else if (!name.empty() && name.back() != '_') {
      name.push_back('_');
    }
  }
}

}  // namespace

std::optional<MediaType> media_of_type(std::string_view mime_type) {
  const std::string type = lower_ascii(trim_space(mime_type));
  if (type.starts_with("image/")) {
    return MediaType::image;
  }
  return type.starts_with("audio/") ? std::optional{MediaType::audio} : std::nullopt;
}

std::optional<MediaType> media_of_url(std::string_view url) {
  const std::string path = lower_ascii(url.substr(0, url.find_first_of("?#")));
  const std::size_t dot = path.rfind('.');
  if (dot == std::string::npos || path.find('/', dot) != std::string::npos) {
    return std::nullopt;
  }
  const std::string_view ending = std::string_view{path}.substr(dot + 1);
  if (std::ranges::find(kImages, ending) != kImages.end()) {
    return MediaType::image;
  }
  return std::ranges::find(kAudio, ending) != kAudio.end() ? std::optional{MediaType::audio}
                                                           : std::nullopt;
}

bool is_web_address(std::string_view text) {
  return http::host_of(text).has_value() && text.find_first_of(" \t\r\n") == std::string_view::npos;
}

std::string name_of_source(std::string_view url, std::string_view more) {
  std::string name;
  std::string host = http::host_of(url).value_or("");
  add_name(name, host.starts_with("www.") ? std::string_view{host}.substr(4) : host);
  if (!more.empty()) {
    name.push_back('_');
    add_name(name, more);
  }
  while (name.ends_with('_')) {
    name.pop_back();
  }
  name.resize(std::min<std::size_t>(name.size(), 70));
  return name;
}

}  // namespace freshet
