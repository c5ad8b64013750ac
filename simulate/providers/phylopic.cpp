#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kPageSize = 48;
constexpr std::uint64_t kBuild = 194;

/// A first request names the build and its number of pages; every page belongs to the build.
///
/// @source  PhyloPic API v2, "/images".
class PhyloPic final : public MadeUpList {
 public:
  explicit PhyloPic(const World& world)
      : MadeUpList{world, "phylopic", Medium::picture, {kByClean, "missing_url"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.phylopic.org"}; }

  Reply answer(const Location& location) const override {
    if (location.path != "/images") {
      return json_reply({{"errors", json::array{}}}, 404);
    }
    const auto build = number_parameter(location.query, "build", 0);
    if (build == 0) {
      return json_reply({{"build", kBuild},
                         {"itemsPerPage", kPageSize},
                         {"totalItems", works()},
                         {"totalPages", (works() + kPageSize - 1) / kPageSize}});
    }
    if (build != kBuild) {
      return json_reply({{"errors", json::array{{{"type", "GONE"}}}}}, 410);
    }
    const auto number = number_parameter(location.query, "page", 0);
    return json_reply({{"build", kBuild},
                       {"index", number},
                       {"_embedded", {{"items", page(number * kPageSize, kPageSize)}}}});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string uuid = "5b1e88b5-159d-495d-b8cb-" + std::to_string(100'000'000'000 + id);
    json::object file;
    if (fault != Fault::no_file) {
      file = {{"href", "https://images.phylopic.org/images/" + uuid + "/source.svg"},
              {"sizes", "413.39108x272.68854"}};
    }
    const std::string build = "?build=" + std::to_string(kBuild);
    return {{"uuid", uuid},
            {"_links",
             {{"self", {{"href", "/images/" + uuid + build}, {"title", title(id)}}},
              {"sourceFile", std::move(file)},
              {"license", {{"href", license_url(id, fault)}}},
              {"contributor",
               {{"href", "/contributors/" + std::to_string(id % 50) + build},
                {"title", person(id % 50)}}}}}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> phylopic(const World& world) {
  return std::make_unique<PhyloPic>(world);
}

}  // namespace freshet::simulate
