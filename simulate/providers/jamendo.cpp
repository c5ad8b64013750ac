#include <algorithm>
#include <boost/json.hpp>

#include "simulate/providers/provider.hpp"
#include "simulate/vocabulary.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::string_view kName = "jamendo";
constexpr std::uint64_t kFirstId = 1'200;
constexpr std::uint64_t kTracksPerAlbum = 8;

/// Offset and limit, ended by an empty page; album pages on another host redirect to their last
/// name.
///
/// @source  Jamendo API v3.0, "/tracks"; seen 2023-04.
class Jamendo final : public MadeUpProvider {
 public:
  explicit Jamendo(const World& world) : world_{world} {}

  std::string_view command() const override { return kName; }
  std::vector<std::string_view> hosts() const override {
    return {"api.jamendo.com", "www.jamendo.com"};
  }

  Reply answer(const Location& location) const override {
    if (location.host == "www.jamendo.com") {
      return album_page(location.path);
    }
    if (!location.path.starts_with("/v3.0/tracks")) {
      return json_reply({{"headers", {{"status", "failed"}, {"code", 3}}}}, 404);
    }
    const std::uint64_t offset = number_parameter(location.query, "offset", 0);
    const std::uint64_t limit =
        std::min<std::uint64_t>(number_parameter(location.query, "limit", 10), 200);
    json::array results;
    for (std::uint64_t i = offset; i < std::min(world_.works, offset + limit); ++i) {
      results.push_back(track(kFirstId + i));
    }
    return json_reply({{"headers",
                        {{"status", "success"},
                         {"code", 0},
                         {"error_message", ""},
                         {"warnings", ""},
                         {"results_count", results.size()}}},
                       {"results", std::move(results)}});
  }

  ProviderTruth truth() const override {
    ProviderTruth truth;
    for (std::uint64_t id = kFirstId; id < kFirstId + world_.works; ++id) {
      switch (fault_of(id)) {
        case Fault::none:
          ++truth.emitted["audio"];
          break;
        case Fault::unlicensed:
          ++truth.emitted["audio"];
          ++truth.unlicensed;
          break;
        case Fault::no_audio:
          ++truth.dropped["missing_url"];
          break;
        case Fault::no_page:
          ++truth.dropped["missing_foreign_landing_url"];
          break;
        case Fault::malformed:
          ++truth.rejected;
          break;
      }
    }
    return truth;
  }

 private:
  enum class Fault { none, unlicensed, no_audio, no_page, malformed };

  Fault fault_of(std::uint64_t id) const {
    switch (world_.dice(kName, id, 1).below(100)) {
      case 0:
        return Fault::unlicensed;
      case 1:
        return Fault::no_audio;
      case 2:
        return Fault::no_page;
      case 3:
        return Fault::malformed;
      default:
        return Fault::none;
    }
  }

  /// Every third album has been renamed: its old address leads to the new one.
  static Reply album_page(const std::string& path) {
    if (!path.starts_with("/album/")) {
      return {404, {{"Content-Type", "text/html"}}, "not found"};
    }
    const std::size_t slash = path.find('/', 7);
    const std::uint64_t album = number_parameter({{"id", path.substr(7, slash - 7)}}, "id", 0);
    if (album % 3 == 0 && !path.ends_with("-remastered")) {
      std::string renamed = "/album/" + std::to_string(album) + "/";
      renamed += slash == std::string::npos ? "album" : "album-" + std::to_string(album);
      return {301, {{"Location", renamed + "-remastered"}}, ""};
    }
    return {200, {{"Content-Type", "text/html"}}, "<html><title>Album</title></html>"};
  }

  std::string picture(std::uint64_t album, std::uint64_t id) const {
    return "https://usercontent.jamendo.com?type=album&id=" + std::to_string(album) +
           "&width=200&trackid=" + std::to_string(id);
  }

  json::value track(std::uint64_t id) const {
    const Fault fault = fault_of(id);
    if (fault == Fault::malformed) {
      return json::value("temporarily unavailable");  // where an object should be
    }
    Dice dice = world_.dice(kName, id);
    const Theme theme{Medium::sound, dice};
    const std::uint64_t album = 100 + id / kTracksPerAlbum;
    Dice album_dice = world_.dice(kName, album, 2);
    const Theme album_theme{Medium::sound, album_dice};
    std::string title;
    std::string album_title;
    std::string artist;
    append_title(title, theme);
    append_title(album_title, album_theme);
    append_person(artist, world_.dice(kName, album, 3));
    std::string slug = artist;
    std::replace(slug.begin(), slug.end(), ' ', '.');
    json::array variety;
    for (const std::string_view tag : tags_for(theme, world_.dice(kName, id, 4))) {
      variety.push_back(json::string{tag});
    }
    const std::string number = std::to_string(id);
    const std::string licence =
        fault == Fault::unlicensed ? "" : std::string{dice.pick(licences()).url};
    return {{"id", number},
            {"name", title},
            {"duration", 30 + dice.below(500)},
            {"artist_id", std::to_string(album % 97 + 5)},
            {"artist_name", artist},
            {"artist_idstr", slug},
            {"album_name", album_title},
            {"album_id", std::to_string(album)},
            {"license_ccurl", licence},
            {"position", id % kTracksPerAlbum + 1},
            {"releasedate", std::to_string(2005 + dice.below(20)) + "-04-12"},
            {"album_image", picture(album, id)},
            {"audio", fault == Fault::no_audio
                          ? ""
                          : "https://mp3d.jamendo.com/?trackid=" + number +
                                "&format=mp32&from=WftSCtIfbfXP90c1jNqsfw%3D%3D%7C" + number},
            {"audiodownload", "https://mp3d.jamendo.com/download/track/" + number + "/mp32/"},
            {"audiodownload_allowed", !dice.per_mille(20)},
            {"shorturl", "https://jamen.do/t/" + number},
            {"shareurl", fault == Fault::no_page ? "" : "https://www.jamendo.com/track/" + number},
            {"image", picture(album, id)},
            {"lyrics", dice.per_mille(100) ? "La la la\nunder the moon" : ""},
            {"musicinfo",
             {{"vocalinstrumental", dice.below(2) == 0 ? "vocal" : "instrumental"},
              {"gender", dice.below(3) == 0 ? "female" : ""},
              {"speed", "medium"},
              {"tags",
               {{"genres", {dice.pick(genres())}},
                {"instruments", {"violin"}},
                {"vartags", std::move(variety)}}}}},
            {"stats",
             {{"rate_downloads_total", dice.long_tailed()},
              {"rate_listened_total", dice.long_tailed()},
              {"playlisted", dice.below(100)}}}};
  }

  World world_;
};

}  // namespace

std::unique_ptr<MadeUpProvider> jamendo(const World& world) {
  return std::make_unique<Jamendo>(world);
}

}  // namespace freshet::simulate
