#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Numbered pages of a search by time of upload, with a total in digits. All photos were uploaded
/// at noon.
///
/// @source  Flickr API, "flickr.photos.search".
class Flickr final : public MadeUpList {
 public:
  explicit Flickr(const World& world)
      : MadeUpList{world, "flickr", Medium::picture, {kByClean, "missing_url"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.flickr.com"}; }

  Reply answer(const Location& location) const override {
    const http::Query& query = location.query;
    if (location.path != "/services/rest" || parameter(query, "method") != "flickr.photos.search") {
      return json_reply({{"stat", "fail"}, {"code", 112}, {"message", "Method not found"}});
    }
    const std::string from{parameter(query, "min_upload_date").value_or("")};
    const std::string to{parameter(query, "max_upload_date").value_or("")};
    const std::string noon = from.substr(0, 10) + " 12:00:00+00:00";
    const std::uint64_t found = from <= noon && noon < to ? works() : 0;
    const auto size = positive_parameter(query, "per_page", 100);
    const auto number = positive_parameter(query, "page", 1);
    return json_reply({{"photos",
                        {{"page", number},
                         {"pages", (found + size - 1) / size},
                         {"perpage", size},
                         {"total", std::to_string(found)},
                         {"photo", found == 0 ? json::array{} : page((number - 1) * size, size)}}},
                       {"stat", "ok"}});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    const std::string picture = "https://live.staticflickr.com/" + number;
    json::object photo{{"id", number},
                       {"owner", std::to_string(id % 50) + "@N00"},
                       {"ownername", person(id % 50)},
                       {"title", title(id)},
                       {"license", fault == Fault::unlicensed ? "0" : "4"},
                       {"dateupload", "1790000000"},
                       {"datetaken", "2026-11-20 08:00:00"},
                       {"views", std::to_string(dice(id, 7).long_tailed())},
                       {"content_type", "0"},
                       {"description", {{"_content", "<b>" + description(id) + "</b>"}}},
                       {"url_t", picture + "_t.jpg"}};
    std::string words;
    for (const json::value& tag : tags(id)) {
      words.append(tag.as_string()).append(" ");
    }
    photo["tags"] = words;
    if (fault != Fault::no_file) {
      photo["url_m"] = picture + ".jpg";
      photo["width_m"] = 500;
      photo["height_m"] = 333;
    }
    return photo;
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> flickr(const World& world) {
  return std::make_unique<Flickr>(world);
}

}  // namespace freshet::simulate
