#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// A search gives ids, and each item takes a request of its own, in XML turned into JSON. Behind
/// the last page there is no list at all.
///
/// @source  NYPL Digital Collections API, "/items/search" and "/items/item_details".
class Nypl final : public MadeUpList {
 public:
  explicit Nypl(const World& world)
      : MadeUpList{world, "nypl", Medium::picture, {kByClean, "no_image"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.repo.nypl.org"}; }

  Reply answer(const Location& location) const override {
    if (location.path == "/api/v2/items/search/") {
      return search(location.query);
    }
    const auto id = number_behind(location.path, "/api/v2/items/item_details/u");
    return !id || *id < first_id() || *id >= end_id()
               ? json_reply({{"error", "unknown"}}, 404)
               : json_reply(wrapped({}, details(*id, fault_of(*id))));
  }

 private:
  static json::value wrapped(json::object request, json::object response) {
    response["headers"] = {{"status", "success"}, {"code", "200"}};
    return {{"nyplAPI", {{"request", std::move(request)}, {"response", std::move(response)}}}};
  }

  Reply search(const http::Query& query) const {
    const auto size = positive_parameter(query, "per_page", 10);
    const auto number = positive_parameter(query, "page", 1);
    const auto pages = (works() + size - 1) / size;
    json::object response{{"numResults", std::to_string(works())}};
    if (number <= pages) {
      response["result"] = page((number - 1) * size, size);
    }
    return json_reply(
        wrapped({{"page", std::to_string(number)}, {"totalPages", std::to_string(pages)}},
                std::move(response)));
  }

  json::value item(std::uint64_t id, Fault /*fault*/) const override {
    return {{"uuid", "u" + std::to_string(id)}, {"title", title(id)}};
  }

  json::object details(std::uint64_t id, Fault fault) const {
    const std::string number = std::to_string(id);
    const std::string link = "http://images.nypl.org/index.php?id=" + number + "&t=";
    json::object mods{{"titleInfo", {{"title", {{"$", title(id)}}}}},
                      {"name", {{"usage", "primary"}, {"namePart", {{"$", person(id % 50)}}}}},
                      {"genre", {{"$", id % 2 == 0 ? "Maps" : "Photographs"}}},
                      {"subject", {{"topic", {{"$", description(id)}}}}}};
    json::object captures;
    if (fault != Fault::no_file) {
      captures["capture"] = {
          {"imageID", {{"$", number}}},
          {"itemLink", {{"$", "http://digitalcollections.nypl.org/items/u" + number}}},
          {"imageLinks",
           {{"imageLink", json::array{{{"$", link + "r&download=1"}, {"description", "Thumb"}},
                                      {{"$", link + "g&download=1"},
                                       {"description", "Full-size .jpeg (2560 pixels)"}}}}}},
          {"rightsStatementURI", {{"$", license_url(id, fault)}}}};
    }
    return {{"mods", std::move(mods)}, {"sibling_captures", std::move(captures)}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> nypl(const World& world) { return std::make_unique<Nypl>(world); }

}  // namespace freshet::simulate
