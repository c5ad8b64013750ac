#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kPageSize = 40;
constexpr std::string_view kList = "/api/load-photos/date/desc/";

/// The number of the page is a part of the path, and a page names the next one or says false. The
/// size of a file is told by HEAD.
///
/// @source  The requests of stocksnap.io's own pages.
class StockSnap final : public MadeUpList {
 public:
  explicit StockSnap(const World& world)
      : MadeUpList{world, "stocksnap", Medium::picture, {"", "missing_foreign_landing_url"}} {}

  std::vector<std::string_view> hosts() const override {
    return {"stocksnap.io", "cdn.stocksnap.io"};
  }

  Reply answer(const Location& location) const override {
    if (location.host == "cdn.stocksnap.io") {
      return {200, {{"Content-Length", "105896"}}, {}};
    }
    const auto number = number_behind(location.path, kList);
    if (!number || *number == 0) {
      return json_reply({{"message", "Not found"}}, 404);
    }
    const bool is_last = *number * kPageSize >= works();
    return json_reply({{"results", page((*number - 1) * kPageSize, kPageSize)},
                       {"nextPage", is_last ? json::value(false) : json::value(*number + 1)},
                       {"count", works()}});
  }

 private:
  // Without keywords a photograph has no page.
  json::value item(std::uint64_t id, Fault fault) const override {
    json::array words{"female", "fitness"};  // the first two are in the address of the page
    for (json::value& tag : tags(id)) {
      words.push_back(std::move(tag));
    }
    return {{"img_id", "S" + std::to_string(id)},
            {"keywords", fault == Fault::no_file ? json::array{} : std::move(words)},
            {"author_name", person(id % 50)},
            {"author_website",
             id % 3 == 0 ? "https://stocksnap.io/author/undefined/" : "https://example.org/"},
            {"author_profile", "https://stocksnap.io/author/" + std::to_string(id % 50)},
            {"downloads_raw", dice(id, 7).long_tailed()},
            {"page_views_raw", dice(id, 8).long_tailed()},
            {"favorites_raw", 0},
            {"img_width", 6'000},
            {"img_height", 4'000}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> stocksnap(const World& world) {
  return std::make_unique<StockSnap>(world);
}

}  // namespace freshet::simulate
