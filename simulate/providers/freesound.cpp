#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kSoundsPerPack = 8;

/// Numbered pages with a link to the next; behind the last one 404. Previews tell their size by
/// HEAD, and packs their name in a reply of their own; every fifth pack is gone.
///
/// @source  Freesound API v2, "Text Search", "Pack Instance".
class Freesound final : public MadeUpList {
 public:
  explicit Freesound(const World& world)
      : MadeUpList{world, "freesound", Medium::sound, {kByClean, "missing_url"}} {}

  std::vector<std::string_view> hosts() const override {
    return {"freesound.org", "cdn.freesound.org"};
  }

  Reply answer(const Location& location) const override {
    if (location.host == "cdn.freesound.org") {
      return {200, {{"Content-Length", "16359"}}, {}};
    }
    if (location.path.starts_with("/apiv2/packs/") && location.path.ends_with("/")) {
      std::string_view path = location.path;
      path.remove_suffix(1);
      const auto id = number_behind(path, "/apiv2/packs/");
      return !id || *id % 5 == 0 ? json_reply({{"detail", "Not found."}}, 404)
                                 : json_reply({{"id", *id}, {"name", title(*id)}});
    }
    return location.path == "/apiv2/search/text" ? sounds(location.query)
                                                 : json_reply({{"detail", "Not found."}}, 404);
  }

 private:
  Reply sounds(const http::Query& query) const {
    const auto size = positive_parameter(query, "page_size", 15);
    const auto number = positive_parameter(query, "page", 1);
    if (number > 1 && (number - 1) * size >= works()) {
      return json_reply({{"detail", "Invalid page."}}, 404);
    }
    json::value next;
    if (number * size < works()) {
      next = "https://freesound.org/apiv2/search/text/?page=" + std::to_string(number + 1);
    }
    return json_reply({{"count", works()},
                       {"next", std::move(next)},
                       {"results", page((number - 1) * size, size)}});
  }

  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    json::object previews{{"preview-lq-ogg", "https://cdn.freesound.org/" + number + "-lq.ogg"}};
    if (fault != Fault::no_file) {
      previews["preview-hq-mp3"] = "https://cdn.freesound.org/" + number + "-hq.mp3";
    }
    return {
        {"id", id},
        {"url", "https://freesound.org/people/b/sounds/" + number + "/"},
        {"name", title(id)},
        {"tags", tags(id)},
        {"description", description(id)},
        {"license", license_url(id, fault)},
        {"type", "wav"},
        {"download", "https://freesound.org/apiv2/sounds/" + number + "/download/"},
        {"filesize", 107'592},
        {"bitrate", 1'381},
        {"samplerate", 44'100.0},
        {"duration", 0.5 + dice(id, 7).below(90)},
        {"pack", "https://freesound.org/apiv2/packs/" + std::to_string(id / kSoundsPerPack) + "/"},
        {"username", person(id % 50)},
        {"num_downloads", dice(id, 8).long_tailed()},
        {"avg_rating", 0.0},
        {"num_ratings", 0},
        {"geotag", nullptr},
        {"previews", std::move(previews)}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> freesound(const World& world) {
  return std::make_unique<Freesound>(world);
}

}  // namespace freshet::simulate
