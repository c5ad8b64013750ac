#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Offset and rows with the total. Newer works have an address of IIIF, older ones a file.
///
/// @source  SMK Open API v1, "/art/search".
class Smk final : public MadeUpList {
 public:
  explicit Smk(const World& world)
      : MadeUpList{world, "smk", Medium::picture, {kByClean, "missing_url"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.smk.dk"}; }

  Reply answer(const Location& location) const override {
    if (location.path != "/api/v1/art/search/") {
      return json_reply({{"error", "unknown"}}, 404);
    }
    const auto offset = number_parameter(location.query, "offset", 0);
    return json_reply({{"offset", offset},
                       {"found", works()},
                       {"items", page(offset, number_parameter(location.query, "rows", 10))}});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    json::object work{{"id", number + "_object"},
                      {"object_number", "KKS " + number + "/2"},
                      {"image_thumbnail", "https://iip-thumb.smk.dk/iiif/" + number + ".jpg"},
                      {"image_size", 11'000'000 + id},
                      {"image_width", 3'887},
                      {"image_height", 1'059},
                      {"rights", license_url(id, fault)},
                      {"created", "2020-03-21T10:18:17Z"},
                      {"collection", json::array{"Gammel bestand"}},
                      {"techniques", json::array{"Akvarel", "Pen"}},
                      {"colors", json::array{"#808080"}},
                      {"production", json::array{{{"creator", person(id % 50)}}}},
                      {"titles", json::array{{{"title", title(id)}}}}};
    if (fault == Fault::no_file) {
      work["image_native"] = nullptr;
    } else if (id % 2 == 0) {
      work["image_iiif_id"] = "https://iip.smk.dk/iiif/jp2/" + number + ".tif.jp2";
    } else {
      work["image_native"] = "https://api.smk.dk/api/v1/download/" + number + " a.jpg";
    }
    return work;
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> smk(const World& world) { return std::make_unique<Smk>(world); }

}  // namespace freshet::simulate
