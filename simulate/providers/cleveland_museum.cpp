#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Skip and limit, with the total; numbers come as digits.
///
/// @source  Cleveland Museum of Art Open Access API, "artworks".
class ClevelandMuseum final : public MadeUpList {
 public:
  explicit ClevelandMuseum(const World& world)
      : MadeUpList{world, "cleveland_museum", Medium::picture, {"not_public_domain", "no_image"}} {}

  std::vector<std::string_view> hosts() const override {
    return {"openaccess-api.clevelandart.org"};
  }

  Reply answer(const Location& location) const override {
    if (location.path != "/api/artworks/") {
      return json_reply({{"detail", "Not found"}}, 404);
    }
    const auto skip = number_parameter(location.query, "skip", 0);
    return json_reply({{"info", {{"total", works()}}},
                       {"data", page(skip, number_parameter(location.query, "limit", 100))}});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    json::object images{{"web", json::object{}}};
    if (fault != Fault::no_file) {
      images["print"] = {{"url", "https://openaccess-cdn.clevelandart.org/" + number + ".jpg"},
                         {"width", std::to_string(800 + dice(id, 7).below(900))},
                         {"height", "3400"},
                         {"filesize", "1225285"}};
    }
    return {{"id", id},
            {"url", "https://clevelandart.org/art/" + number},
            {"share_license_status", fault == Fault::unlicensed ? "Copyrighted" : "CC0"},
            {"title", title(id)},
            {"creators", json::array{{{"description", person(id)}}}},
            {"accession_number", "1916." + number},
            {"tombstone", description(id)},
            {"culture", json::array{"Germany", nullptr, "18th century"}},
            {"images", std::move(images)}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> cleveland_museum(const World& world) {
  return std::make_unique<ClevelandMuseum>(world);
}

}  // namespace freshet::simulate
