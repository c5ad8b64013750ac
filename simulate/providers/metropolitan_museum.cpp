#include <boost/json.hpp>

#include "simulate/providers/provider.hpp"
#include "simulate/vocabulary.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::string_view kName = "metropolitan_museum";
constexpr std::string_view kObjects = "/public/collection/v1/objects";
constexpr std::uint64_t kFirstId = 436'000;

/// One list of plain numbers without pages, and a detail per object with up to three pictures.
///
/// @source  The Metropolitan Museum of Art Collection API, v1: "Objects", "Object"; seen 2023-04.
class MetropolitanMuseum final : public MadeUpProvider {
 public:
  explicit MetropolitanMuseum(const World& world) : world_{world} {}

  std::string_view command() const override { return kName; }
  std::vector<std::string_view> hosts() const override { return {"collectionapi.metmuseum.org"}; }

  Reply answer(const Location& location) const override {
    if (location.path == kObjects) {
      return json_reply(list());
    }
    if (location.path.starts_with(std::string{kObjects} + "/")) {
      const std::uint64_t id =
          number_parameter({{"id", location.path.substr(kObjects.size() + 1)}}, "id", 0);
      if (id >= kFirstId && id < kFirstId + world_.works && kind_of(id) != Kind::gone) {
        return json_reply(object(id));
      }
    }
    return json_reply({{"message", "ObjectID not found"}}, 404);
  }

  ProviderTruth truth() const override {
    ProviderTruth truth;
    for (std::uint64_t id = kFirstId; id < kFirstId + world_.works; ++id) {
      switch (kind_of(id)) {
        case Kind::sound:
          truth.emitted["image"] += pictures_of(id);
          break;
        case Kind::closed:
          ++truth.dropped["not_public_domain"];
          break;
        case Kind::no_picture:
          ++truth.dropped["no_image"];
          break;
        case Kind::gone:
          ++truth.dropped["detail_gone"];
          break;
      }
    }
    return truth;
  }

 private:
  enum class Kind { sound, closed, no_picture, gone };

  Kind kind_of(std::uint64_t id) const {
    switch (world_.dice(kName, id, 1).below(50)) {
      case 0:
      case 1:
        return Kind::closed;
      case 2:
        return Kind::no_picture;
      case 3:
        return Kind::gone;  // listed, and removed before its detail is asked for
      default:
        return Kind::sound;
    }
  }

  std::uint64_t pictures_of(std::uint64_t id) const {
    return 1 + world_.dice(kName, id, 2).below(10) / 7;  // 1 of 7 in 10, else 2
  }

  json::value list() const {
    json::array ids;
    for (std::uint64_t id = kFirstId; id < kFirstId + world_.works; ++id) {
      ids.push_back(id);
    }
    return {{"total", world_.works}, {"objectIDs", std::move(ids)}};
  }

  static std::string picture(std::uint64_t id, std::uint64_t which) {
    return "https://images.metmuseum.org/CRDImages/ep/original/DP" +
           std::to_string(id * 10 + which) + ".jpg";
  }

  json::value object(std::uint64_t id) const {
    Dice dice = world_.dice(kName, id);
    const Theme theme{Medium::picture, dice};
    std::string title;
    std::string artist;
    append_title(title, theme);
    append_person(artist, world_.dice(kName, id, 3));
    json::array more;
    for (std::uint64_t which = 1; which < pictures_of(id); ++which) {
      more.push_back(json::value(picture(id, which)));
    }
    json::array tags;
    for (const std::string_view tag : tags_for(theme, world_.dice(kName, id, 4))) {
      tags.push_back({{"term", tag}, {"AAT_URL", "http://vocab.getty.edu/page/aat/300266506"}});
    }
    const bool has_picture = kind_of(id) != Kind::no_picture;
    return {{"objectID", id},
            {"isHighlight", false},
            {"accessionNumber", std::to_string(theme.year % 100) + "." + std::to_string(id % 997)},
            {"accessionYear", std::to_string(theme.year)},
            {"isPublicDomain", kind_of(id) != Kind::closed},
            {"primaryImage", has_picture ? picture(id, 0) : ""},
            {"additionalImages", has_picture ? std::move(more) : json::array{}},
            {"department", dice.below(2) == 0 ? "European Paintings" : "Asian Art"},
            {"objectName", "Painting"},
            // One in ten has no title of its own: the object's name stands in.
            {"title", dice.per_mille(100) ? "" : title},
            {"culture", dice.per_mille(300) ? "Japan" : ""},
            {"period", ""},
            {"artistDisplayName", artist},
            {"objectDate", "ca. " + std::to_string(theme.year)},
            {"medium", "Oil on canvas"},
            {"creditLine", "Gift of " + artist + ", " + std::to_string(theme.year + 20)},
            {"classification", "Paintings"},
            {"metadataDate", "2026-11-20T04:00:00.000Z"},
            {"objectURL", "https://www.metmuseum.org/art/collection/search/" + std::to_string(id)},
            {"tags", dice.per_mille(200) ? json::value(nullptr) : json::value(std::move(tags))}};
  }

  World world_;
};

}  // namespace

std::unique_ptr<MadeUpProvider> metropolitan_museum(const World& world) {
  return std::make_unique<MetropolitanMuseum>(world);
}

}  // namespace freshet::simulate
