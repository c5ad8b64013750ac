#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Numbered pages that say whether there is a next one, with the total. Sizes are words, tags one
/// text.
///
/// @source  Nappy's API for Openverse, v1.
class Nappy final : public MadeUpList {
 public:
  explicit Nappy(const World& world)
      : MadeUpList{world, "nappy", Medium::picture, {"", "missing_url"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.nappy.co"}; }

  Reply answer(const Location& location) const override {
    if (location.path != "/v1/openverse/images") {
      return json_reply({{"message", "Not found"}}, 404);
    }
    const auto size = positive_parameter(location.query, "per_page", 100);
    const auto number = positive_parameter(location.query, "page", 1);
    json::value next;
    if (number * size < works()) {
      next = "https://api.nappy.co/v1/openverse/images?page=" + std::to_string(number + 1);
    }
    return json_reply({{"page", number},
                       {"total_results", works()},
                       {"next_page", std::move(next)},
                       {"images", page((number - 1) * size, size)}});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    std::string words;
    for (const json::value& tag : tags(id)) {
      words.append(words.empty() ? "" : ",").append(tag.as_string());
    }
    return {{"foreign_identifier", id},
            {"foreign_landing_url", "https://nappy.co/photo/" + number},
            {"url", fault == Fault::no_file
                        ? json::value(nullptr)
                        : json::value("https://images.nappy.co/photo/" + number + ".jpg")},
            {"filetype", "jpg"},
            {"filesize", std::to_string(100 + dice(id, 7).below(900)) + ".5kB"},
            {"creator", person(id % 50)},
            {"creator_url", "https://nappy.co/" + std::to_string(id % 50)},
            {"title", title(id)},
            {"tags", words},
            {"width", 2'048},
            {"height", 1'361},
            {"views", dice(id, 8).long_tailed()},
            {"saves", 3},
            {"downloads", dice(id, 9).long_tailed()}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> nappy(const World& world) { return std::make_unique<Nappy>(world); }

}  // namespace freshet::simulate
