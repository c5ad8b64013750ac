#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kParts = 256;

constexpr const char* kUnits[] = {
    "ACM",        "CFCHFOLKLIFE", "CHNDM",       "FBR",           "FSG",       "HAC",
    "HMSG",       "NASM",         "NMAAHC",      "NMAH",          "NMAI",      "NMAfA",
    "NMNHANTHRO", "NMNHBIRDS",    "NMNHBOTANY",  "NMNHEDUCATION", "NMNHENTO",  "NMNHFISHES",
    "NMNHHERPS",  "NMNHINV",      "NMNHMAMMALS", "NMNHMINSCI",    "NMNHPALEO", "NPG",
    "NPM",        "NZP",          "OFEO-SG",     "SAAM",          "SIA",       "SIL"};

/// A search in 256 parts, by the first two digits of each row's hash, and the codes of all units. A
/// row with a fault is one of a unit that nobody knows.
///
/// @source  Smithsonian Open Access API v1.0, "/search" and "/terms/unit_code".
class Smithsonian final : public MadeUpList {
 public:
  explicit Smithsonian(const World& world)
      : MadeUpList{world, "smithsonian", Medium::picture, {"no_image", "no_image"}} {}

  std::vector<std::string_view> hosts() const override { return {"api.si.edu"}; }

  Reply answer(const Location& location) const override {
    if (location.path == "/openaccess/api/v1.0/terms/unit_code") {
      json::array codes(std::begin(kUnits), std::end(kUnits));
      return json_reply({{"status", 200}, {"responseCode", 1}, {"response", {{"terms", codes}}}});
    }
    const auto part = part_of(parameter(location.query, "q").value_or(""));
    if (location.path != "/openaccess/api/v1.0/search" || !part) {
      return json_reply({{"message", "Not found"}}, 404);
    }
    return search(*part, number_parameter(location.query, "start", 0),
                  number_parameter(location.query, "rows", 10));
  }

 private:
  // `… AND hash:0f*`
  static std::optional<std::uint64_t> part_of(std::string_view search) {
    constexpr std::string_view kBefore = " AND hash:";
    const auto at = search.find(kBefore);
    if (at == std::string_view::npos || search.size() != at + kBefore.size() + 3) {
      return std::nullopt;
    }
    const std::string_view digits = search.substr(at + kBefore.size(), 2);
    std::uint64_t part = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), part, 16);
    return read.ec == std::errc{} && read.ptr == digits.data() + digits.size() ? std::optional{part}
                                                                               : std::nullopt;
  }

  Reply search(std::uint64_t part, std::uint64_t start, std::uint64_t rows) const {
    json::array found;
    std::uint64_t count = 0;
    for (std::uint64_t id = first_id(); id < end_id(); ++id) {
      if (id % kParts != part) {
        continue;
      }
      if (count >= start && count < start + rows) {
        found.push_back(item(id, fault_of(id)));
      }
      ++count;
    }
    return json_reply({{"status", 200},
                       {"responseCode", 1},
                       {"response", {{"rows", std::move(found)}, {"rowCount", count}}}});
  }

  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    json::array media;
    if (fault != Fault::no_file) {
      media.push_back(
          {{"type", "Images"},
           {"usage", {{"access", fault == Fault::unlicensed ? "Usage conditions apply" : "CC0"}}},
           {"idsId", "NMNH-" + number},
           {"content", "https://ids.si.edu/ids/deliveryService?id=NMNH-" + number}});
    }
    const char* const unit = fault == Fault::malformed ? "UNKNOWN" : kUnits[id % std::size(kUnits)];
    return {{"id", "edanmdm-" + number},
            {"title", title(id)},
            {"content",
             {{"descriptiveNonRepeating",
               {{"record_link", "https://collections.si.edu/search/detail/" + number},
                {"unit_code", unit},
                {"data_source", "A museum"},
                {"online_media", {{"media", std::move(media)}}}}},
              {"freetext",
               {{"name", json::array{{{"label", "Artist"}, {"content", person(id % 50)}}}},
                {"notes", json::array{{{"label", "Summary"}, {"content", description(id)}}}}}},
              {"indexedStructured", {{"topic", tags(id)}}}}}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> smithsonian(const World& world) {
  return std::make_unique<Smithsonian>(world);
}

}  // namespace freshet::simulate
