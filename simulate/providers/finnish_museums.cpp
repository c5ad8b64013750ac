#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::string_view kBuildings[] = {"0/Suomen kansallismuseo/", "0/Museovirasto/",
                                           "0/SATMUSEO/", "0/SA-kuva/"};

/// Numbered pages of a search by building and time. All records are of one building, and were
/// indexed at noon.
///
/// @source  Finna API v1, "search".
class FinnishMuseums final : public MadeUpList {
 public:
  explicit FinnishMuseums(const World& world)
      : MadeUpList{world, "finnish_museums", Medium::picture, {kByClean, "no_image"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.finna.fi"}; }

  Reply answer(const Location& location) const override {
    if (location.path != "/api/v1/search") {
      return json_reply({{"status", "ERROR"}}, 404);
    }
    if (!is_searched(location.query)) {
      return json_reply({{"resultCount", 0}, {"status", "OK"}});
    }
    const auto limit = positive_parameter(location.query, "limit", 20);
    const auto number = positive_parameter(location.query, "page", 1);
    return json_reply({{"resultCount", works()},
                       {"records", page((number - 1) * limit, limit)},
                       {"status", "OK"}});
  }

 private:
  // `last_indexed:"[2026-11-20T12:00:00Z TO 2026-11-20T13:00:00Z]"` begins behind 15 letters.
  static bool is_searched(const http::Query& query) {
    constexpr std::string_view kTime = "last_indexed:\"[";
    bool is_in_building = false;
    bool is_at_noon = false;
    for (const auto& [name, value] : query) {
      is_in_building = is_in_building || value.find(kBuildings[3]) != std::string::npos;
      if (value.starts_with(kTime)) {
        const std::string from = value.substr(kTime.size(), 20);
        const std::string noon = from.substr(0, 10) + "T12:00:00Z";
        is_at_noon = from <= noon && noon < value.substr(kTime.size() + 24, 20);
      }
    }
    return is_in_building && is_at_noon;
  }

  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string name = "sa-kuva." + std::to_string(id);
    json::array images;
    if (fault != Fault::no_file) {
      images.push_back(json::string{"/Cover/Show?id=" + name + "&index=0"});
    }
    json::object authors{{"secondary", json::array{}}, {"corporate", json::array{}}};
    authors["primary"] = json::object{{person(id), {{"role", json::array{"-"}}}}};
    return {{"id", name},
            {"title", title(id)},
            {"images", std::move(images)},
            {"imageRights", {{"link", license_url(id, fault)}}},
            {"buildings", json::array{{{"value", kBuildings[3]}}}},
            {"authors", std::move(authors)},
            {"subjects", json::array{tags(id)}}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> finnish_museums(const World& world) {
  return std::make_unique<FinnishMuseums>(world);
}

}  // namespace freshet::simulate
