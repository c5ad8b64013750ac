#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// A query of Elasticsearch, sent by POST: offset and size, with the number of hits.
///
/// @source  Auckland Museum Collections API, "_search".
class AucklandMuseum final : public MadeUpList {
 public:
  explicit AucklandMuseum(const World& world)
      : MadeUpList{world, "auckland_museum", Medium::picture, {"", "missing_url"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.aucklandmuseum.com"}; }

  Reply answer(const Location& location) const override {
    if (location.path != "/search/collectionsonline/_search") {
      return json_reply({{"error", "no handler found"}}, 400);
    }
    const auto from = number_parameter(location.query, "from", 0);
    return json_reply({{"took", 3},
                       {"timed_out", false},
                       {"_shards", {{"total", 5}, {"successful", 5}, {"failed", 0}}},
                       {"hits",
                        {{"total", {{"value", works()}, {"relation", "eq"}}},
                         {"hits", page(from, number_parameter(location.query, "size", 10))}}}});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    json::object source{{"type", "ecrm:E20_Biological_Object"},
                        {"copyright", json::array{"© Auckland Museum CC BY"}},
                        {"dc_contributor", json::array{person(id)}},
                        {"appellation", {{"Primary Title", json::array{title(id)}}}},
                        {"department", json::array{"botany"}},
                        {"geopos", json::array{}}};
    if (fault != Fault::no_file) {
      source["primaryRepresentation"] = "http://api.aucklandmuseum.com/id/media/v/" + number;
    }
    return {{"_id", "http://api.aucklandmuseum.com/id/naturalsciences/object/" + number},
            {"_source", std::move(source)}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> auckland_museum(const World& world) {
  return std::make_unique<AucklandMuseum>(world);
}

}  // namespace freshet::simulate
