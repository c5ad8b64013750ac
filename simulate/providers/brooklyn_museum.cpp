#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Offset and limit below 36, ended by an empty page; each object has its pictures in a reply of
/// its own, and its licence in a text of HTML.
///
/// @source  Brooklyn Museum Open Collection API v2, "object".
class BrooklynMuseum final : public MadeUpList {
 public:
  explicit BrooklynMuseum(const World& world)
      : MadeUpList{world, "brooklyn_museum", Medium::picture, {"no_license", "no_image"}} {}

  std::vector<std::string_view> hosts() const override { return {"www.brooklynmuseum.org"}; }

  Reply answer(const Location& location) const override {
    if (location.path == "/api/v2/object/") {
      const auto limit = number_parameter(location.query, "limit", 20);
      return limit > 35 ? told("4.09", "Error.", "The given limit value must be smaller.")
                        : told("0", "Success.",
                               page(number_parameter(location.query, "offset", 0), limit));
    }
    const auto id = number_behind(location.path, "/api/v2/object/");
    if (!id || *id < first_id() || *id >= end_id()) {
      return json_reply({{"message", "Error."}}, 404);
    }
    return told("0", "Success.", object(*id));
  }

 private:
  static Reply told(std::string_view code, std::string_view message, json::value data) {
    return json_reply({{"data", std::move(data)}, {"errorCode", code}, {"message", message}});
  }

  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string rights = fault == Fault::unlicensed
                                   ? "All rights reserved."
                                   : R"(Under a <a href="https://creativecommons.org/licenses/by/)"
                                     R"(3.0/">Creative Commons license</a>.)";
    return {{"id", id}, {"rights_type", {{"description", rights}}}};
  }

  json::value object(std::uint64_t id) const {
    json::array images;
    if (fault_of(id) != Fault::no_file) {
      const std::string number = std::to_string(id);
      images.push_back({{"id", id * 10},
                        {"largest_derivative", "1"},
                        {"largest_derivative_url", "images.brooklynmuseum.org/" + number + ".jpg"},
                        {"derivatives", json::array{{{"size", "1"},
                                                     {"width", 600 + dice(id, 7).below(900)},
                                                     {"height", 1'152}}}}});
    }
    return {{"id", id},
            {"title", title(id)},
            {"artists", json::array{{{"rank", 1}, {"name", person(id)}}}},
            {"description", description(id)},
            {"medium", "Silk"},
            {"images", std::move(images)}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> brooklyn_museum(const World& world) {
  return std::make_unique<BrooklynMuseum>(world);
}

}  // namespace freshet::simulate
