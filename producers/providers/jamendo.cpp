#include "producers/providers/jamendo.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace jamendo_rules {

std::string without_query_parameter(const std::string& url, std::string_view name) {
  const auto fragment_at = url.find('#');
  const std::string fragment =
      fragment_at == std::string::npos ? std::string{} : url.substr(fragment_at);
  std::string_view rest = std::string_view{url}.substr(0, fragment_at);
  const auto query_at = rest.find('?');
  if (query_at == std::string_view::npos) {
    return url;
  }
  const http::Query all = http::decode_query(rest.substr(query_at + 1));
  http::Query kept;
  for (const auto& pair : all) {
    const bool is_wanted = pair.first != name && !pair.second.empty();
    const auto same = std::find_if(kept.rbegin(), kept.rend(),
                                   [&](const auto& k) { return k.first == pair.first; });
    if (is_wanted) {
      kept.insert(same == kept.rend() ? kept.end() : same.base(), pair);
    }
  }
  std::string result{rest.substr(0, query_at)};
  if (!kept.empty()) {
    result += '?' + http::encode_query(kept);
  }
  return result + fragment;
}

std::string with_slash_before_query(std::string url) {
  return url.find("/?") == std::string::npos ? replace_all(std::move(url), "?", "/?") : url;
}

std::string album_slug(std::string_view name) {
  std::string slug = lower_case(name);
  std::replace(slug.begin(), slug.end(), ' ', '-');
  std::replace(slug.begin(), slug.end(), '/', '-');
  return replace_all(std::move(slug), "--", "");
}

}  // namespace jamendo_rules

namespace {

// As found, but for `from`: a token that differs in every reply.
json::value audio_url(const json::value& audio) {
  if (is_empty(audio)) {
    return audio;
  }
  return json::value(jamendo_rules::without_query_parameter(required_text(audio), "from"));
}

json::value thumbnail_of(const json::value& image) {
  if (image.is_null()) {
    return nullptr;
  }
  return json::value(jamendo_rules::with_slash_before_query(required_text(image)));
}

// The album's picture names the track that was asked for; without it all tracks of a set agree.
json::value set_thumbnail_of(const json::value& image) {
  if (image.is_null()) {
    return nullptr;
  }
  return json::value(jamendo_rules::without_query_parameter(
      jamendo_rules::with_slash_before_query(required_text(image)), "trackid"));
}

json::value creator_of(const json::value& track) {
  const json::value& name = member(track, "artist_name");
  if (name.is_null()) {
    return nullptr;
  }
  return json::value(trim_space(required_text(name)));
}

json::value creator_url_of(const json::value& track) {
  const json::value& id = member(track, "artist_id");
  const json::value& slug = member(track, "artist_idstr");
  if (member(track, "artist_name").is_null() || id.is_null() || slug.is_null()) {
    return nullptr;
  }
  return json::value("https://www.jamendo.com/artist/" + required_text(id) + "/" +
                     required_text(slug));
}

json::array tags_of(const json::value& music) {
  json::array tags;
  const auto add = [&](const json::value& tag) {
    if (!is_empty(tag)) {
      tags.push_back(tag);
    }
  };
  add(member(music, "vocalinstrumental"));
  add(member(music, "gender"));
  if (const auto speed = scalar_at(music, "speed")) {
    tags.emplace_back("speed_" + *speed);
  }
  const json::value& lists = object_or_empty(music, "tags");
  for (const char* name : {"instruments", "vartags"}) {
    for (const json::value& tag : elements(member(lists, name))) {
      add(tag);
    }
  }
  return tags;
}

json::object meta_data_of(const json::value& track) {
  const json::value& stats = object_or_empty(track, "stats");
  json::object meta_data;
  const auto add = [&](std::string_view name, const json::value& value) {
    if (!value.is_null()) {
      meta_data.emplace(name, value);
    }
  };
  add("lyrics", default_if_empty(track, "lyrics", nullptr));
  add("release_date", member(track, "releasedate"));
  // The batch original reads `rate_download_total` and `rate_playlisted_total`, which do not exist,
  // so its counts are always 0.
  add("downloads", default_if_missing(stats, "rate_downloads_total", 0));
  add("listens", default_if_missing(stats, "rate_listened_total", 0));
  add("playlists", default_if_missing(stats, "playlisted", 0));
  add("audiodownload_allowed", default_if_missing(track, "audiodownload_allowed", true));
  return meta_data;
}

/// Tracks by pages of 200, with licence, counts and tags in the list reply; each album's page is
/// asked for once, because its address is only known after a redirect.
///
/// @source  Jamendo API v3.0, "/tracks"; seen 2026-11. 35,000 requests a month.
class Jamendo final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "jamendo",
        .title = "Jamendo",
        .providers = {{MediaType::audio, "jamendo"}},
        .hosts = {"api.jamendo.com", "www.jamendo.com"},
        .endpoint = "https://api.jamendo.com/v3.0/tracks",
        .answer = {.list = "/results", .status = "/headers/status", .success = "success"},
        .paging = Paging::counted,
        .schedule = "monthly",
        .headers = {{"accept", "application/json"}},
        .credential = Credential{.original_name = "API_KEY_JAMENDO",
                                 .place = Credential::Place::query,
                                 .name = "client_id",
                                 .prefix = ""},
        .fixed_values = {{"filetype", "mp32"}, {"category", "music"}},
        .batch_limit = 200,
        .notes =
            "Limits and wrong keys are told in replies of status 200. "
            "Popularity metric: `meta_data.listens`. Tracks whose `audiodownload_allowed` is "
            "false carry that in `meta_data`."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto offset = param_number(previous->params, "offset", 0) + run.batch_limit;
      return with_param(previous->params, "offset", std::to_string(offset));
    }
    return Params{{"format", "json"},      {"include", "musicinfo licenses stats lyrics"},
                  {"imagesize", "200"},    {"limit", std::to_string(run.batch_limit)},
                  {"audioformat", "mp32"}, {"offset", "0"}};
  }

  std::optional<std::string> fault_of(const json::value& body) const override {
    if (auto fault = Provider::fault_of(body)) {
      return fault;
    }
    if (is_empty(value_at(body, "/results")) && count_at(body, "/headers/results_count") > 0) {
      return "'headers/results_count' tells of results that are not there";
    }
    return std::nullopt;
  }

  // Only told where `fullcount` was asked for (`--initial-params`).
  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return count_at(reply.body, "/headers/results_fullcount");
  }

  void expand(const json::value& track, Fetch& fetch, Emit& emit) override {
    const json::value& music = object_or_empty(track, "musicinfo");
    emit.record(MediaType::audio,
                {{"foreign_identifier", member(track, "id")},
                 {"foreign_landing_url", member(track, "shareurl")},
                 {"url", audio_url(member(track, "audio"))},
                 {"thumbnail", thumbnail_of(member(track, "image"))},
                 {"license_url", member(track, "license_ccurl")},
                 {"creator", creator_of(track)},
                 {"creator_url", creator_url_of(track)},
                 {"title", member(track, "name")},
                 {"meta_data", meta_data_of(track)},
                 {"tags", tags_of(music)},
                 {"duration", milliseconds(member(track, "duration"))},
                 {"genres", member(object_or_empty(music, "tags"), "genres")},
                 {"audio_set", member(track, "album_name")},
                 {"audio_set_foreign_identifier", member(track, "album_id")},
                 {"set_url", set_url_of(track, fetch)},
                 {"set_thumbnail", set_thumbnail_of(member(track, "album_image"))},
                 {"set_position", member(track, "position")}});
  }

 private:
  static json::value set_url_of(const json::value& track, Fetch& fetch) {
    const auto id = scalar_at(track, "album_id");
    const auto name = scalar_at(track, "album_name");
    if (!id || !name) {
      return nullptr;
    }
    const auto url = fetch.resolve("https://www.jamendo.com/album/" + *id + "/" +
                                   jamendo_rules::album_slug(*name));
    return url ? json::value(*url) : json::value(nullptr);
  }
};

}  // namespace

std::unique_ptr<Provider> jamendo() { return std::make_unique<Jamendo>(); }

}  // namespace freshet
