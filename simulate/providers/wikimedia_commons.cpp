#include <algorithm>
#include <boost/json.hpp>

#include "simulate/providers/provider.hpp"
#include "simulate/vocabulary.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

constexpr std::string_view kName = "wikimedia_commons";
constexpr std::uint64_t kFirstId = 80'000'000;

/// Files in the order of their upload, so many a batch; the uses of a batch's files come in
/// portions, each with all files of the batch, until `batchcomplete`. In some batches the details
/// of half of the files come with the second portion only.
///
/// @source  MediaWiki API, "Allimages", "Imageinfo", "Globalusage", "Continuing queries".
class WikimediaCommons final : public MadeUpProvider {
 public:
  explicit WikimediaCommons(const World& world) : world_{world} {}

  std::string_view command() const override { return kName; }
  std::vector<std::string_view> hosts() const override { return {"commons.wikimedia.org"}; }

  Reply answer(const Location& location) const override;
  ProviderTruth truth() const override;

 private:
  enum class Kind { picture, drawing, sound, video, document };
  enum class Fault { none, unlicensed, no_page, no_url, no_info };

  struct Use {
    std::uint64_t file;
    std::uint64_t which;
  };

  Kind kind_of(std::uint64_t id) const {
    const std::uint32_t of = world_.dice(kName, id, 1).below(100);
    return of < 75   ? Kind::picture
           : of < 80 ? Kind::drawing
           : of < 95 ? Kind::sound
           : of < 98 ? Kind::video
                     : Kind::document;
  }

  Fault fault_of(std::uint64_t id) const {
    const std::uint32_t of = world_.dice(kName, id, 2).below(200);
    return of < 6    ? Fault::unlicensed
           : of == 6 ? Fault::no_page
           : of == 7 ? Fault::no_url
           : of == 8 ? Fault::no_info
                     : Fault::none;
  }

  std::uint64_t uses_of(std::uint64_t id) const {
    return std::min<std::uint64_t>(world_.dice(kName, id, 3).long_tailed() >> 10U, 400);
  }

  json::value info(std::uint64_t id) const;
  json::object extmetadata(std::uint64_t id, const Theme& theme) const;
  static json::array ogg_metadata();
  static json::array wav_metadata();
  Theme theme_of(std::uint64_t id) const {
    Dice dice = world_.dice(kName, id);
    return {kind_of(id) == Kind::sound ? Medium::sound : Medium::picture, dice};
  }
  std::string_view extension_of(std::uint64_t id) const {
    switch (kind_of(id)) {
      case Kind::picture:
        return id % 9 == 0 ? "JPG" : "jpg";
      case Kind::drawing:
        return "svg";
      case Kind::sound:
        return id % 2 == 0 ? "ogg" : "wav";
      case Kind::video:
        return "webm";
      case Kind::document:
        return "pdf";
    }
    return "";
  }
  std::string file_name(std::uint64_t id) const {
    std::string name{theme_of(id).subject->name};
    std::replace(name.begin(), name.end(), ' ', '_');
    return name + "_" + std::to_string(id) + "." + std::string{extension_of(id)};
  }

  World world_;
};

/// What a continuation token stands for: which portion of which batch. Clients pass it back unread.
struct Place {
  std::uint64_t first = 0;    ///< position of the batch's first file
  std::uint64_t portion = 0;  ///< of the batch's uses
};

Place read_place(const http::Query& query) {
  Place place;
  if (const auto token = parameter(query, "gaicontinue")) {
    place.first =
        number_parameter({{"n", std::string{token->substr(token->rfind('|') + 1)}}}, "n", 0);
  }
  if (const auto token = parameter(query, "gucontinue")) {
    place.portion =
        number_parameter({{"n", std::string{token->substr(token->rfind('|') + 1)}}}, "n", 0);
  }
  return place;
}

bool asks_for(const http::Query& query, std::string_view name) {
  const std::string list = "|" + std::string{parameter(query, "prop").value_or("")} + "|";
  return list.find("|" + std::string{name} + "|") != std::string::npos;
}

Reply WikimediaCommons::answer(const Location& location) const {
  const http::Query& query = location.query;
  if (location.path != "/w/api.php" || parameter(query, "generator") != "allimages") {
    return json_reply({{"error", {{"code", "badvalue"}, {"info", "Unrecognized value"}}}});
  }
  const std::uint64_t batch_size =
      std::max<std::uint64_t>(number_parameter(query, "gailimit", 10), 1);
  const std::uint64_t portion_size =
      std::max<std::uint64_t>(number_parameter(query, "gulimit", 10), 1);
  const Place place = read_place(query);
  const std::uint64_t last = std::min(world_.works, place.first + batch_size);
  if (place.first >= last) {
    return json_reply({{"batchcomplete", ""}});
  }

  std::vector<Use> uses;
  for (std::uint64_t i = place.first; i < last && asks_for(query, "globalusage"); ++i) {
    for (std::uint64_t use = 0; use < uses_of(kFirstId + i); ++use) {
      uses.push_back({kFirstId + i, use});
    }
  }
  const std::uint64_t uses_from =
      std::min<std::uint64_t>(uses.size(), place.portion * portion_size);
  const std::uint64_t uses_to = std::min<std::uint64_t>(uses.size(), uses_from + portion_size);
  const bool has_more = uses_to < uses.size();
  const bool is_split = uses.size() > portion_size && (place.first / batch_size) % 3 == 1;

  json::object pages;
  for (std::uint64_t i = place.first; i < last; ++i) {
    const std::uint64_t id = kFirstId + i;
    json::object page{{"pageid", id},
                      {"ns", 6},
                      {"title", "File:" + file_name(id)},
                      {"imagerepository", "local"}};
    const bool is_second_half = i - place.first >= (last - place.first) / 2;
    const std::uint64_t comes_with = is_split && is_second_half ? 1 : 0;
    if (comes_with == place.portion && fault_of(id) != Fault::no_info) {
      page["imageinfo"] = json::array{info(id)};
    }
    if (asks_for(query, "globalusage")) {
      page["globalusage"] = json::array{};
    }
    pages[std::to_string(id)] = std::move(page);
  }
  for (std::uint64_t i = uses_from; i < uses_to; ++i) {
    constexpr std::string_view kWikis[] = {"en.wikipedia.org", "de.wikipedia.org",
                                           "ja.wikipedia.org", "pt.wikipedia.org"};
    const std::string_view wiki = kWikis[uses[i].which % std::size(kWikis)];
    const std::string title = "Article_" + std::to_string(uses[i].which);
    pages[std::to_string(uses[i].file)].as_object()["globalusage"].as_array().push_back(
        {{"title", title},
         {"wiki", wiki},
         {"url", "https://" + std::string{wiki} + "/wiki/" + title}});
  }

  json::object reply;
  const std::string place_token =
      "20261120000000|" + file_name(kFirstId + place.first) + "|" + std::to_string(place.first);
  if (has_more) {
    json::object next;
    next["gucontinue"] =
        file_name(uses[uses_to].file) + "|enwiki|" + std::to_string(place.portion + 1);
    if (place.first != 0) {
      next["gaicontinue"] = place_token;
    }
    next["continue"] = is_split && place.portion == 0 ? "||" : "||imageinfo";
    reply["continue"] = std::move(next);
  } else {
    reply["batchcomplete"] = "";
    if (last < world_.works) {
      reply["continue"] = {{"gaicontinue", "20261120000000|" + file_name(kFirstId + last) + "|" +
                                               std::to_string(last)},
                           {"continue", "gaicontinue||"}};
    }
  }
  reply["query"] = {{"pages", std::move(pages)}};
  return json_reply(reply);
}

json::value WikimediaCommons::info(std::uint64_t id) const {
  Dice dice = world_.dice(kName, id, 4);
  const Kind kind = kind_of(id);
  const Fault fault = fault_of(id);
  json::object info{{"user", "Uploader" + std::to_string(id % 50)},
                    {"size", 20'000 + dice.below(9'000'000)},
                    {"width", kind == Kind::sound ? 0 : 640 + dice.below(5000)},
                    {"height", kind == Kind::sound ? 0 : 480 + dice.below(4000)}};
  if (fault != Fault::no_url) {
    info["url"] = "https://upload.wikimedia.org/wikipedia/commons/4/4e/" + file_name(id);
  }
  info["descriptionurl"] = "https://commons.wikimedia.org/wiki/File:" + file_name(id);
  if (fault != Fault::no_page) {
    info["descriptionshorturl"] =
        "https://commons.wikimedia.org/w/index.php?curid=" + std::to_string(id);
  }
  switch (kind) {
    case Kind::picture:
      info["mediatype"] = "BITMAP";
      break;
    case Kind::drawing:
      info["mediatype"] = "DRAWING";
      break;
    case Kind::sound:
      info["mediatype"] = "AUDIO";
      info["duration"] = 1.0 + dice.below(4000) / 8.0;
      info["metadata"] = extension_of(id) == "ogg" ? ogg_metadata() : wav_metadata();
      break;
    case Kind::video:
      info["mediatype"] = "VIDEO";
      break;
    case Kind::document:
      info["mediatype"] = "OFFICE";
      break;
  }
  info["extmetadata"] = extmetadata(id, theme_of(id));
  return info;
}

json::object WikimediaCommons::extmetadata(std::uint64_t id, const Theme& theme) const {
  Dice dice = world_.dice(kName, id, 5);
  std::string title;
  std::string person;
  std::string description;
  append_title(title, theme);
  append_person(person, world_.dice(kName, id, 6));
  append_description(description, theme, world_.dice(kName, id, 7));
  const std::string user = "User" + std::to_string(id % 50);
  const std::string artist = dice.per_mille(700)
                                 ? "<a href=\"//commons.wikimedia.org/wiki/User:" + user +
                                       "\" title=\"User:" + user + "\">" + person + "</a>"
                                 : person;
  if (dice.per_mille(300)) {
    description = "<p>" + description + " <a href=\"https://en.wikipedia.org/\">more</a></p>";
  }
  std::string categories{theme.subject->plural};
  for (const std::string_view tag : tags_for(theme, world_.dice(kName, id, 8))) {
    categories += "|" + std::string{tag};
  }
  if (kind_of(id) == Kind::sound && dice.per_mille(200)) {
    categories += "|English pronunciation";
  }
  const auto member = [](std::string_view source, json::value value) {
    return json::value{{"value", std::move(value)}, {"source", source}, {"hidden", ""}};
  };
  json::object data{
      {"DateTime", member("mediawiki-metadata", "2026-11-20 06:12:47")},
      {"ObjectName", member("mediawiki-metadata", json::value_from(title))},
      {"Categories", member("commons-categories", json::value_from(categories))},
      {"Artist", member("commons-desc-page", json::value_from(artist))},
      {"ImageDescription", member("commons-desc-page", json::value_from(description))},
      {"DateTimeOriginal",
       member("commons-desc-page", json::value_from(std::to_string(theme.year) + "-06-01"))}};
  if (fault_of(id) == Fault::unlicensed) {
    data["LicenseShortName"] = member("commons-desc-page", "Public domain");
  } else {
    data["LicenseUrl"] =
        member("commons-desc-page", json::value_from(std::string{dice.pick(licences()).url}));
  }
  return data;
}

json::value pair(std::string_view name, json::value value) {
  return json::value{{"name", name}, {"value", std::move(value)}};
}

json::array WikimediaCommons::ogg_metadata() {
  json::array header{pair("vorbis_version", 0), pair("audio_channels", 2),
                     pair("audio_sample_rate", 48'000), pair("bitrate_nominal", 112'000)};
  json::array stream{pair("serial", 996'071'589), pair("type", "Vorbis"),
                     pair("header", std::move(header))};
  json::array streams;
  streams.push_back({{"name", 996'071'589}, {"value", std::move(stream)}});
  json::array all;
  all.push_back(pair("version", 2));
  all.push_back(pair("streams", std::move(streams)));
  return all;
}

json::array WikimediaCommons::wav_metadata() {
  json::array stream{pair("codec", "Pulse Code Modulation (PCM)"), pair("channels", 1),
                     pair("sample_rate", 44'100), pair("bitrate", 705'600)};
  json::array streams;
  streams.push_back({{"name", 0}, {"value", std::move(stream)}});
  json::array audio;
  audio.push_back(pair("dataformat", "wav"));
  audio.push_back(pair("streams", std::move(streams)));
  json::array all;
  all.push_back(pair("fileformat", "wav"));
  all.push_back(pair("audio", std::move(audio)));
  return all;
}

ProviderTruth WikimediaCommons::truth() const {
  ProviderTruth truth;
  for (std::uint64_t id = kFirstId; id < kFirstId + world_.works; ++id) {
    const Kind kind = kind_of(id);
    const Fault fault = fault_of(id);
    const bool is_supported = kind != Kind::video && kind != Kind::document;
    // Without details there is nothing to tell its type from.
    if (fault == Fault::no_info || (is_supported && fault == Fault::no_url)) {
      ++truth.dropped["missing_url"];
    } else if (!is_supported) {
      ++truth.dropped["unsupported_media_type"];
    } else if (fault == Fault::no_page) {
      ++truth.dropped["missing_foreign_landing_url"];
    } else {
      ++truth.emitted[kind == Kind::sound ? "audio" : "image"];
      truth.unlicensed += fault == Fault::unlicensed ? 1 : 0;
    }
  }
  return truth;
}

}  // namespace

std::unique_ptr<MadeUpProvider> wikimedia_commons(const World& world) {
  return std::make_unique<WikimediaCommons>(world);
}

}  // namespace freshet::simulate
