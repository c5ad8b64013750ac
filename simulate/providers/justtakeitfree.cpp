#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kPageSize = 50;

/// Numbered pages of photos that are each in a list of their own, ended by an empty page.
///
/// @source  Justtakeitfree API, "api.php".
class Justtakeitfree final : public MadeUpList {
 public:
  explicit Justtakeitfree(const World& world)
      : MadeUpList{world, "justtakeitfree", Medium::picture, {kByClean, "missing_url"}} {}

  std::vector<std::string_view> hosts() const override { return {"justtakeitfree.com"}; }

  Reply answer(const Location& location) const override {
    if (location.path.starts_with("/photos/")) {
      return {200, {{"Content-Length", "250274"}}, {}};
    }
    if (location.path != "/api/api.php") {
      return json_reply({{"message", "unknown"}}, 404);
    }
    const auto number = positive_parameter(location.query, "page", 1);
    return json_reply({{"page", number}, {"data", page((number - 1) * kPageSize, kPageSize)}});
  }

 private:
  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    const std::string picture = "https://justtakeitfree.com/photos/" + number;
    json::object photo{
        {"page_link", "https://justtakeitfree.com/photo/" + number + "/"},
        {"full_image_link", fault == Fault::no_file ? "" : picture + ".jpg"},
        {"preview_link", picture + "_800.jpg"},
        {"license_link", fault == Fault::unlicensed
                             ? license_url(id, fault)
                             : "https://creativecommons.org/licenses/by/4.0/deed.en"},
        {"tags", tags(id)}};
    return json::array{std::move(photo)};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> justtakeitfree(const World& world) {
  return std::make_unique<Justtakeitfree>(world);
}

}  // namespace freshet::simulate
