#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Numbered pages without an object around them: headers, of a HEAD request, too, tell how many
/// there are. Author, file and terms are embedded.
///
/// @source  WordPress REST API, "Pagination" and "Linking and embedding".
class WordPress final : public MadeUpList {
 public:
  explicit WordPress(const World& world)
      : MadeUpList{world, "wordpress", Medium::picture, {"", "no_image"}} {}

  std::vector<std::string_view> hosts() const override { return {"wordpress.org", "pd.w.org"}; }

  Reply answer(const Location& location) const override {
    if (location.host == "pd.w.org") {
      return {200, {{"Content-Length", "544284"}}, {}};
    }
    if (location.path != "/photos/wp-json/wp/v2/photos") {
      return json_reply({{"code", "rest_no_route"}}, 404);
    }
    const auto size = positive_parameter(location.query, "per_page", 10);
    const auto number = positive_parameter(location.query, "page", 1);
    Reply reply = json_reply(page((number - 1) * size, size));
    reply.headers.emplace_back("X-WP-Total", std::to_string(works()));
    reply.headers.emplace_back("X-WP-TotalPages", std::to_string((works() + size - 1) / size));
    return reply;
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    const std::string file = "https://pd.w.org/2022/05/" + number;
    json::array media;
    if (fault != Fault::no_file) {
      json::object rendering{
          {"source_url", file + "-2048x1366.jpg"}, {"width", 2'048}, {"height", 1'366}};
      if (id % 4 != 0) {
        rendering["filesize"] = 300'000 + id;  // else a HEAD request tells
      }
      media.push_back(json::object{
          {"media_details",
           json::object{
               {"sizes", json::object{{"2048x2048", std::move(rendering)},
                                      {"full", json::object{{"source_url", file + ".jpg"}}}}},
               {"image_meta", json::object{{"aperture", "4"}, {"camera", "ILCE-7M4"}}}}}});
    }
    json::array groups;
    json::array& words = groups.emplace_back(json::array{}).get_array();
    for (const json::value& tag : tags(id)) {
      words.push_back(json::object{{"taxonomy", "photo_tag"}, {"name", tag}});
    }
    return {{"slug", "photo" + number},
            {"link", "https://wordpress.org/photos/photo/photo" + number + "/"},
            {"content", {{"rendered", "<p>" + title(id) + "</p>\n"}}},
            {"_embedded",
             {{"author", json::array{{{"name", person(id % 50)},
                                      {"slug", "author"},
                                      {"url", ""},
                                      {"link", "https://wordpress.org/photos/author/a/"}}}},
              {"wp:featuredmedia", std::move(media)},
              {"wp:term", std::move(groups)}}}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> wordpress(const World& world) {
  return std::make_unique<WordPress>(world);
}

}  // namespace freshet::simulate
