#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// A bare list by licence and page, ended by an empty page. All objects are under the same licence.
///
/// @source  Museums Victoria Collections API, "/api/search".
class MuseumVictoria final : public MadeUpList {
 public:
  explicit MuseumVictoria(const World& world)
      : MadeUpList{world, "museum_victoria", Medium::picture, {kByClean, "no_image"}} {}

  std::vector<std::string_view> hosts() const override {
    return {"collections.museumsvictoria.com.au"};
  }

  Reply answer(const Location& location) const override {
    if (location.path != "/api/search") {
      return json_reply({{"message", "unknown"}}, 404);
    }
    const auto size = positive_parameter(location.query, "perpage", 40);
    return json_reply(parameter(location.query, "imagelicense") == "cc by"
                          ? page(number_parameter(location.query, "page", 0) * size, size)
                          : json::array{});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    json::object medium{
        {"id", "media/" + number},
        {"type", "image"},
        {"licence",
         {{"uri",
           fault == Fault::unlicensed ? "" : "https://creativecommons.org/licenses/by/4.0"}}},
        {"creators", json::array{person(id)}}};
    if (fault != Fault::no_file) {
      medium["medium"] = {{"uri", "https://collections.museumsvictoria.com.au/" + number + ".jpg"},
                          {"width", 1'500},
                          {"height", 877},
                          {"size", 40'000 + dice(id, 7).below(90'000)}};
    }
    return {{"id", "items/" + number},
            {"displayTitle", title(id)},
            {"dateModified", "2017-12-12T05:56:00Z"},
            {"category", "History & Technology"},
            {"physicalDescription", description(id)},
            {"keywords", tags(id)},
            {"classifications", json::array{"Migration"}},
            {"media", json::array{std::move(medium)}}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> museum_victoria(const World& world) {
  return std::make_unique<MuseumVictoria>(world);
}

}  // namespace freshet::simulate
