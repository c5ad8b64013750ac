#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Numbered pages with the total, ended by an empty one. Pictures are an address with a place for
/// their size.
///
/// @source  The requests of rawpixel.com's own pages.
class Rawpixel final : public MadeUpList {
 public:
  explicit Rawpixel(const World& world)
      : MadeUpList{world, "rawpixel", Medium::picture, {kByClean, "missing_url"}} {}

  std::vector<std::string_view> hosts() const override { return {"www.rawpixel.com"}; }

  Reply answer(const Location& location) const override {
    if (location.path != "/api/v1/search") {
      return json_reply({{"message", "Not found"}}, 404);
    }
    const auto size = positive_parameter(location.query, "pagesize", 100);
    const auto number = positive_parameter(location.query, "page", 1);
    return json_reply({{"total", works()}, {"results", page((number - 1) * size, size)}});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    json::array words = tags(id);
    words.push_back("public domain art");
    json::object work{{"id", id},
                      {"url", "https://www.rawpixel.com/image/" + number},
                      {"name_ext", "jpg"},
                      {"artist_names", person(id % 50) + " (Source)"},
                      {"download_count", dice(id, 7).long_tailed()},
                      {"width", 8'272},
                      {"height", 0},
                      {"display_image_width", 1'200},
                      {"display_image_height", 800},
                      {"isPng", id % 5 == 0},
                      {"metadata",
                       {{"title", title(id) + " | Free public domain CC0 photo."},
                        {"description_text", description(id)},
                        {"popular_keywords", std::move(words)},
                        {"licenseUrl", license_url(id, fault)}}}};
    if (fault != Fault::no_file) {
      work["style_uri"] = "https://images.rawpixel.com/{}/" + number + ".jpg";
    }
    return work;
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> rawpixel(const World& world) {
  return std::make_unique<Rawpixel>(world);
}

}  // namespace freshet::simulate
