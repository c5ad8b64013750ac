#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Pages by cursor, and a reply of its own for each record; every eighth record has none.
///
/// @source  Europeana Search API and Record API v2.
class Europeana final : public MadeUpList {
 public:
  explicit Europeana(const World& world)
      : MadeUpList{world, "europeana", Medium::picture, {"no_license", "missing_url"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.europeana.eu"}; }

  Reply answer(const Location& location) const override {
    if (location.path == "/record/v2/search.json") {
      const auto offset = number_parameter(location.query, "cursor", 0);  // the first one is `*`
      const auto rows = number_parameter(location.query, "rows", 12);
      json::object reply{
          {"success", true}, {"totalResults", works()}, {"items", page(offset, rows)}};
      if (offset + rows < works()) {
        reply["nextCursor"] = std::to_string(offset + rows);
      }
      return json_reply(std::move(reply));
    }
    std::string_view path = location.path;
    if (!path.ends_with(".json")) {
      return json_reply({{"success", false}}, 404);
    }
    path.remove_suffix(std::string_view{".json"}.size());
    const auto id = number_behind(path, "/record/v2/90/item_");
    return !id || *id % 8 == 0 ? json_reply({{"success", false}}, 404) : json_reply(record(*id));
  }

 private:
  static std::string picture(std::uint64_t id) {
    return "https://pictures.example.org/" + std::to_string(id) + ".jpg";
  }

  json::value record(std::uint64_t id) const {
    json::value resource{{"about", picture(id)},
                         {"ebucoreHasMimeType", "image/jpeg"},
                         {"ebucoreWidth", 640 + dice(id, 7).below(900)},
                         {"ebucoreHeight", 480},
                         {"ebucoreFileByteSize", 20'000 + dice(id, 8).below(90'000)}};
    return {
        {"success", true},
        {"object",
         {{"aggregations", json::array{{{"webResources", json::array{std::move(resource)}}}}}}}};
  }

  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string name = "/90/item_" + std::to_string(id);
    json::object item{
        {"id", name},
        {"edmIsShownAt", json::array{"https://museum.example.org" + name}},
        {"guid", "https://www.europeana.eu/item" + name},
        {"title", json::array{title(id)}},
        {"rights", json::array{license_url(id, fault)}},
        {"country", json::array{"Spain"}},
        {"dataProvider", json::array{id % 5 == 0 ? "Wellcome Collection" : "Archive"}},
        {"dcDescriptionLangAware", {{"en", json::array{description(id)}}}}};
    if (fault != Fault::no_file) {
      item["edmIsShownBy"] = json::array{picture(id)};
    }
    return item;
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> europeana(const World& world) {
  return std::make_unique<Europeana>(world);
}

}  // namespace freshet::simulate
