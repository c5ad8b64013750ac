#include "api/web/labels.hpp"

#include <algorithm>
#include <array>

#include "api/web/words.hpp"

namespace freshet::api::web {
namespace {

constexpr std::array kUses = std::to_array<Choice>({
    {"commercial", msg("Use commercially"), msg("Also where money is made with it.")},
    {"modification", msg("Modify or adapt"), msg("Cut, remix, translate, build on it.")},
});

constexpr std::array kLicences = std::to_array<Choice>({
    {"cc0", "CC0", msg("Given to the public domain: do what you like.")},
    {"pdm", "Public Domain Mark", msg("Free of known copyright.")},
    {"by", "CC BY", msg("Give credit.")},
    {"by-sa", "CC BY-SA", msg("Give credit; share what you make under the same licence.")},
    {"by-nc", "CC BY-NC", msg("Give credit; not for commercial use.")},
    {"by-nd", "CC BY-ND", msg("Give credit; share it unchanged.")},
    {"by-nc-sa", "CC BY-NC-SA",
     msg("Give credit; not for commercial use; share under the same licence.")},
    {"by-nc-nd", "CC BY-NC-ND", msg("Give credit; not for commercial use; unchanged.")},
});

constexpr std::array kImageKinds = std::to_array<Choice>({
    {"photograph", msg("Photographs")},
    {"illustration", msg("Illustrations")},
    {"digitized_artwork", msg("Digitised artworks")},
});

constexpr std::array kAudioKinds = std::to_array<Choice>({
    {"music", msg("Music")},
    {"sound_effect", msg("Sound effects")},
    {"podcast", msg("Podcasts")},
    {"audiobook", msg("Audiobooks")},
    {"news", msg("News")},
    {"pronunciation", msg("Pronunciations")},
});

constexpr std::array kShapes = std::to_array<Choice>({
    {"wide", msg("Wide")},
    {"tall", msg("Tall")},
    {"square", msg("Square")},
});

constexpr std::array kSizes = std::to_array<Choice>({
    {"small", msg("Small"), msg("Fewer than 640 × 480 pixels.")},
    {"medium", msg("Medium")},
    {"large", msg("Large"), msg("More than 1600 × 900 pixels.")},
});

constexpr std::array kLengths = std::to_array<Choice>({
    {"shortest", msg("Under 30 seconds")},
    {"short", msg("30 seconds to 2 minutes")},
    {"medium", msg("2 to 10 minutes")},
    {"long", msg("Over 10 minutes")},
});

// File types are called the same in every language.
constexpr std::array kImageFiles =
    std::to_array<Choice>({{"jpg", "JPEG"}, {"png", "PNG"}, {"gif", "GIF"}, {"svg", "SVG"}});
constexpr std::array kAudioFiles = std::to_array<Choice>({{"mp3", "MP3"},
                                                          {"ogg", "OGG"},
                                                          {"oga", "OGA"},
                                                          {"opus", "Opus"},
                                                          {"flac", "FLAC"},
                                                          {"wav", "WAV"},
                                                          {"mid", "MIDI"},
                                                          {"webm", "WebM"}});

constexpr std::array kFilters = std::to_array<Filter>({
    {"license_type", msg("Use"), kUses},
    {"license", msg("Licence"), kLicences},
    {"category", msg("Kind of image"), kImageKinds, Media::image},
    {"category", msg("Kind of sound"), kAudioKinds, Media::audio},
    {"aspect_ratio", msg("Shape"), kShapes, Media::image},
    {"size", msg("Size"), kSizes, Media::image},
    {"length", msg("Length"), kLengths, Media::audio},
    {"extension", msg("Image file"), kImageFiles, Media::image},
    {"extension", msg("Audio file"), kAudioFiles, Media::audio},
});

constexpr LicenceElement kCredit{
    "by", msg("Credit the creator"),
    msg("Name the creator, link to the licence, say what you changed.")};
constexpr LicenceElement kNotCommercial{"nc", msg("Not for commercial use"),
                                        msg("Do not use it mainly to earn money.")};
constexpr LicenceElement kUnchanged{"nd", msg("Share it unchanged"),
                                    msg("You may share copies, but not adaptations.")};
constexpr LicenceElement kAlike{"sa", msg("Share alike"),
                                msg("Share what you make of it under the same licence.")};
constexpr LicenceElement kZero{"zero", msg("No conditions"),
                               msg("The creator gave up all rights, as far as the law allows.")};
constexpr LicenceElement kMark{"pd", msg("No known copyright"),
                               msg("Nobody is known to hold rights in it any more.")};
constexpr LicenceElement kSampling{"sampling", msg("Use parts of it"),
                                   msg("Sample and mix it; advertising is not allowed.")};

}  // namespace

std::span<const Filter> filters() { return kFilters; }

std::vector<LicenceElement> licence_elements(std::string_view slug) {
  if (slug == "cc0") {
    return {kZero};
  }
  if (slug == "pdm" || slug == "publicdomain") {
    return {kMark};
  }
  if (slug == "sampling+") {
    return {kCredit, kSampling};
  }
  if (slug == "nc-sampling+") {
    return {kCredit, kNotCommercial, kSampling};
  }
  std::vector<LicenceElement> elements;
  while (!slug.empty()) {
    const std::size_t dash = std::min(slug.find('-'), slug.size());
    const std::string_view part = slug.substr(0, dash);
    slug.remove_prefix(std::min(dash + 1, slug.size()));
    for (const LicenceElement& element : {kCredit, kNotCommercial, kUnchanged, kAlike}) {
      if (element.icon == part) {
        elements.push_back(element);
      }
    }
  }
  return elements;
}

std::string licence_name(std::string_view slug, std::string_view version) {
  std::string name = slug == "cc0"            ? "CC0"
                     : slug == "pdm"          ? "Public Domain Mark"
                     : slug == "publicdomain" ? "Public Domain"
                                              : "";
  if (name.empty()) {
    name = "CC ";
    for (const char c : slug) {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  if (version.empty() && (slug == "cc0" || slug == "pdm")) {
    version = "1.0";
  }
  return version.empty() || slug == "publicdomain" ? name : name.append(" ").append(version);
}

bool is_public_domain(std::string_view slug) {
  return slug == "cc0" || slug == "pdm" || slug == "publicdomain";
}

}  // namespace freshet::api::web
