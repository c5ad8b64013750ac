#include "processors/clean/category.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace freshet::clean {
namespace {

constexpr std::string_view kArtwork = "digitized_artwork";
constexpr std::string_view kIllustration = "illustration";
constexpr std::string_view kPhotograph = "photograph";

using Row = std::pair<std::string_view, std::string_view>;
constexpr std::array kDefaults = std::to_array<Row>({
    {"animaldiversity", kPhotograph},
    {"brooklynmuseum", kArtwork},
    {"capl", kPhotograph},
    {"clevelandmuseum", kArtwork},
    {"deviantart", kArtwork},
    {"digitaltmuseum", kArtwork},
    {"floraon", kPhotograph},
    {"inaturalist", kPhotograph},
    {"mccordmuseum", kArtwork},
    {"met", kArtwork},
    {"museumsvictoria", kArtwork},
    {"nappy", kPhotograph},
    {"phylopic", kIllustration},
    {"rijksmuseum", kArtwork},
    {"sciencemuseum", kPhotograph},
    {"stocksnap", kPhotograph},
    {"svgsilh", kIllustration},
    {"thorvaldsenmuseum", kArtwork},
    {"worms", kPhotograph},
});
static_assert(std::is_sorted(kDefaults.begin(), kDefaults.end()));

}  // namespace

std::string_view default_category(std::string_view provider) noexcept {
  const auto found =
      std::lower_bound(kDefaults.begin(), kDefaults.end(), provider,
                       [](const Row& row, std::string_view name) { return row.first < name; });
  return found != kDefaults.end() && found->first == provider ? found->second : std::string_view{};
}

}  // namespace freshet::clean
