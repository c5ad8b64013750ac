#include "processors/clean/filetype.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace freshet::clean {
namespace {

struct Extension {
  std::string_view extension;
  GuessedFiletype filetype;
};

constexpr std::array kExtensions = std::to_array<Extension>({
    {"apng", {MediaType::image, "apng"}}, {"avif", {MediaType::image, "avif"}},
    {"bmp", {MediaType::image, "bmp"}},   {"djvu", {MediaType::image, "djvu"}},
    {"gif", {MediaType::image, "gif"}},   {"ico", {MediaType::image, "ico"}},
    {"jpeg", {MediaType::image, "jpg"}},  {"jpg", {MediaType::image, "jpg"}},
    {"png", {MediaType::image, "png"}},   {"svg", {MediaType::image, "svg"}},
    {"tif", {MediaType::image, "tiff"}},  {"tiff", {MediaType::image, "tiff"}},
    {"webp", {MediaType::image, "webp"}}, {"aif", {MediaType::audio, "aif"}},
    {"aiff", {MediaType::audio, "aif"}},  {"flac", {MediaType::audio, "flac"}},
    {"m3u", {MediaType::audio, "m3u"}},   {"m4a", {MediaType::audio, "m4a"}},
    {"mid", {MediaType::audio, "mid"}},   {"midi", {MediaType::audio, "mid"}},
    {"mka", {MediaType::audio, "mka"}},   {"mp3", {MediaType::audio, "mp3"}},
    {"oga", {MediaType::audio, "oga"}},   {"ogg", {MediaType::audio, "oga"}},
    {"opus", {MediaType::audio, "oga"}},  {"wav", {MediaType::audio, "wav"}},
});

}  // namespace

std::optional<GuessedFiletype> guess_filetype(std::string_view url) noexcept {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t slash = url.rfind('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;  // a host alone: `a.png` is a name, not a file
  }
  const std::string_view file = url.substr(slash + 1, url.find(';', slash) - slash - 1);
  const std::size_t dot = file.rfind('.');
  if (dot == std::string_view::npos || file.find_first_not_of('.') > dot) {
    return std::nullopt;
  }
  const std::string_view extension = file.substr(dot + 1);
  const auto found =
      std::find_if(kExtensions.begin(), kExtensions.end(), [extension](const Extension& entry) {
        return entry.extension.size() == extension.size() &&
               std::equal(extension.begin(), extension.end(), entry.extension.begin(),
                          [](char a, char b) { return lower_letter(a) == b; });
      });
  if (found == kExtensions.end()) {
    return std::nullopt;
  }
  return found->filetype;
}

void unify_filetype(std::string& filetype) {
  std::transform(filetype.begin(), filetype.end(), filetype.begin(), lower_letter);
  if (filetype == "jpeg") {
    filetype = "jpg";
  } else if (filetype == "tif") {
    filetype = "tiff";
  } else if (filetype == "midi") {
    filetype = "mid";
  }
}

}  // namespace freshet::clean
