#include <algorithm>
#include <boost/json.hpp>

#include "simulate/providers/provider.hpp"
#include "simulate/vocabulary.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::string_view kName = "science_museum";
constexpr std::uint64_t kFirstId = 8'100'000;
constexpr std::uint64_t kLastPage = 50;  ///< the API refuses higher ones

/// Numbered pages within a range of years; objects of a year at the border of two ranges are in
/// both.
///
/// @source  Science Museum Group Collection API, "Search", in its shape since 2023.
class ScienceMuseum final : public MadeUpProvider {
 public:
  explicit ScienceMuseum(const World& world) : world_{world} {}

  std::string_view command() const override { return kName; }
  std::vector<std::string_view> hosts() const override {
    return {"collection.sciencemuseumgroup.org.uk"};
  }

  Reply answer(const Location& location) const override {
    if (location.path != "/search/" && location.path != "/search") {
      return json_reply({{"errors", {{{"status", 404}}}}}, 404);
    }
    const http::Query& query = location.query;
    const std::uint64_t page = number_parameter(query, "page[number]", 0);
    const std::uint64_t size =
        std::max<std::uint64_t>(number_parameter(query, "page[size]", 50), 1);
    if (page > kLastPage) {
      return json_reply({{"errors", {{{"status", 400}, {"title", "page number"}}}}}, 400);
    }
    const std::vector<std::uint64_t> found = objects_of(number_parameter(query, "date[from]", 0),
                                                        number_parameter(query, "date[to]", 9999));
    json::array data;
    for (std::size_t i = page * size; i < std::min<std::size_t>(found.size(), (page + 1) * size);
         ++i) {
      data.push_back(object(found[i]));
    }
    const bool is_last = (page + 1) * size >= found.size();
    const std::string self = "https://collection.sciencemuseumgroup.org.uk/search/?page[number]=";
    return json_reply(
        {{"data", std::move(data)},
         {"links",
          {{"self", self + std::to_string(page)},
           {"next",
            is_last ? json::value(nullptr) : json::value(self + std::to_string(page + 1))}}},
         {"meta", {{"count", found.size()}, {"total_pages", (found.size() + size - 1) / size}}}});
  }

  ProviderTruth truth() const override {
    ProviderTruth truth;
    for (std::uint64_t id = kFirstId; id < kFirstId + world_.works; ++id) {
      for (std::uint64_t image = 0; image < images_of(id); ++image) {
        switch (fault_of(id, image)) {
          case Fault::none:
            ++truth.emitted["image"];
            break;
          case Fault::unlicensed:
            ++truth.emitted["image"];
            ++truth.unlicensed;
            break;
          case Fault::no_uid:
            ++truth.dropped["missing_foreign_identifier"];
            break;
        }
      }
      const bool is_in_two_ranges = is_range_border(year_of(id));
      if (images_of(id) == 0) {
        truth.dropped["no_image"] += is_in_two_ranges ? 2 : 1;
      } else if (is_in_two_ranges) {
        ++truth.dropped["already_seen"];
      }
    }
    return truth;
  }

 private:
  enum class Fault { none, no_uid, unlicensed };

  /// Years in which two of the producer's ranges meet: objects of such a year are listed twice.
  static bool is_range_border(std::uint64_t year) {
    if (year < 1750) {
      return year == 200 || year == 1500;
    }
    if (year < 1825) {
      return (year - 1750) % 25 == 0;
    }
    return year < 1925 ? (year - 1825) % 10 == 0 : (year - 1925) % 5 == 0;
  }

  // Mostly of the last two centuries, some far older.
  std::uint64_t year_of(std::uint64_t id) const {
    Dice dice = world_.dice(kName, id, 1);
    return dice.per_mille(100) ? dice.below(1750) : 1750 + dice.below(270);
  }

  std::uint64_t images_of(std::uint64_t id) const {
    const std::uint32_t of = world_.dice(kName, id, 2).below(20);
    return of == 0 ? 0 : of < 15 ? 1 : of - 13;
  }

  Fault fault_of(std::uint64_t id, std::uint64_t image) const {
    const std::uint32_t of = world_.dice(kName, id * 10 + image, 3).below(100);
    return of == 0 ? Fault::no_uid : of < 4 ? Fault::unlicensed : Fault::none;
  }

  std::vector<std::uint64_t> objects_of(std::uint64_t from, std::uint64_t to) const {
    std::vector<std::uint64_t> ids;
    for (std::uint64_t id = kFirstId; id < kFirstId + world_.works; ++id) {
      if (const std::uint64_t year = year_of(id); year >= from && year <= to) {
        ids.push_back(id);
      }
    }
    return ids;
  }

  json::value multimedia(std::uint64_t id, std::uint64_t image) const {
    Dice dice = world_.dice(kName, id * 10 + image, 4);
    const Fault fault = fault_of(id, image);
    const std::uint64_t number = id * 10 + image;
    json::object admin{{"id", "media-" + std::to_string(number)}};
    if (fault != Fault::no_uid) {
      admin["uid"] = "i" + std::to_string(number);
    }
    json::object processed{
        {"format", "jpeg"},
        {"location",
         "3/" + std::to_string(image + 1) + "/large_" + std::to_string(number) + ".jpg"},
        {"location_is_relative", true},
        {"measurements",
         {{"dimensions",
           {{{"dimension", "height"}, {"units", "pixels"}, {"value", 400 + dice.below(2000)}},
            {{"dimension", "width"}, {"units", "pixels"}, {"value", 600 + dice.below(2000)}}}},
          {"filesize", {{"units", "bytes"}, {"value", 30'000 + dice.below(900'000)}}}}},
        {"type", "image"}};
    // Small pictures come in medium size only.
    const std::string_view size = dice.per_mille(100) ? "medium" : "large";
    constexpr std::string_view kLicences[] = {"CC BY-NC-SA 4.0", "CC-BY-NC-SA 4.0", "CC BY 4.0",
                                              "CC0 1.0"};
    const std::string licence = fault == Fault::unlicensed
                                    ? "All rights reserved"
                                    : std::string{dice.pick(std::span{kLicences})};
    return {{"@admin", std::move(admin)},
            {"@processed", {{size, std::move(processed)}}},
            {"legal", {{"rights", {{{"licence", licence}}}}}}};
  }

  json::value object(std::uint64_t id) const {
    Dice dice = world_.dice(kName, id);
    Theme theme{Medium::picture, dice};
    theme.year = static_cast<std::uint32_t>(year_of(id));
    std::string title;
    std::string maker;
    std::string description;
    append_title(title, theme);
    append_person(maker, world_.dice(kName, id, 5));
    append_description(description, theme, world_.dice(kName, id, 6));
    json::array images;
    for (std::uint64_t image = 0; image < images_of(id); ++image) {
      images.push_back(multimedia(id, image));
    }
    const std::string uid = "co" + std::to_string(id);
    json::object attributes{
        {"@admin", {{"uid", uid}}},
        {"title", {{{"value", title}}}},
        {"name", {{{"value", theme.subject->name}}}},
        {"identifier",
         {{{"primary", true},
           {"type", "accession number"},
           {"value", std::to_string(theme.year) + "-" + std::to_string(id % 991)}}}},
        {"category", {{{"value", "SCM - " + std::string{theme.subject->topic}}}}},
        {"description", {{{"value", description}}}},
        {"creation", {{"date", {{{"value", std::to_string(theme.year)}}}}}},
        {"legal", {{"credit", "Gift of " + maker}}},
        {"multimedia", std::move(images)}};
    if (!dice.per_mille(250)) {
      attributes["creation"].as_object()["maker"] = {{{"summary", {{"title", maker}}}}};
    }
    return {{"type", "objects"},
            {"id", uid},
            {"attributes", std::move(attributes)},
            {"links", {{"self", "https://collection.sciencemuseumgroup.org.uk/objects/" + uid}}}};
  }

  World world_;
};

}  // namespace

std::unique_ptr<MadeUpProvider> science_museum(const World& world) {
  return std::make_unique<ScienceMuseum>(world);
}

}  // namespace freshet::simulate
